import { isIP } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { TsunicornError } from '../errors.ts';
import { type BindAddress, formatBind } from '../listener/address.ts';
import { type BindOptions, bindAddress, type Listener } from '../listener/bind.ts';
import type { VettedConfig } from './vet.ts';

/** A worker that was told to leave empties the queue of a socket for a second at most; only then is its port free. */
const LEFT_WITHIN_MS = 2_000;
const TRY_EVERY_MS = 50;
const WILDCARDS: readonly string[] = ['0.0.0.0', '::'];

/** A configuration with the sockets that it is served on, in the order of `bind`. They belong to `Sockets`. */
export interface ServedConfig extends VettedConfig {
  readonly listeners: readonly Listener[];
}

/** All listening sockets of the master: those of the configuration in force, and in a reload those of the one before or after too. */
export interface Sockets {
  /**
   * The listeners of these addresses, in their order. What is held under the same address is used again; the rest is bound, or none of it.
   * One at a time, and no `keep` meanwhile.
   *
   * @throws TsunicornError `BIND_IN_USE`, `BIND_FAILED`; everything is as it was then.
   */
  open(addresses: readonly BindAddress[]): Promise<readonly Listener[]>;
  /** Closes all but these. */
  keep(wanted: readonly Listener[]): void;
  /** All that are held, also those that an `open` under way has bound by now. */
  all(): readonly Listener[];
  /** Closes all for good; an `open` under way fails, and leaves nothing. */
  closeAll(): void;
}

/** A listener, and what `bind` said when it was bound: with port 0 that is not where it listens. */
interface Held {
  readonly written: string;
  readonly listener: Listener;
}

/** Holds nothing yet. Whoever makes it must `closeAll` at the end. */
export function createSockets(options: BindOptions): Sockets {
  let held: readonly Held[] = [];
  let closed = false;
  /** Ports that were given up, and when: workers may still hold them for a moment. */
  const leftAtMs = new Map<number, number>();

  const all = () => held.map(({ listener }) => listener);
  const keep = (wanted: readonly Listener[]) => {
    const unwanted = held.filter(({ listener }) => !wanted.includes(listener));
    held = held.filter(({ listener }) => wanted.includes(listener));
    for (const { listener } of unwanted) {
      listener.close();
      if (listener.address.kind === 'tcp') leftAtMs.set(listener.address.port, performance.now());
    }
  };
  const bindNew = async (address: BindAddress): Promise<Held> => {
    const leftMs = address.kind === 'tcp' ? leftAtMs.get(address.port) : undefined;
    const giveUpAtMs = leftMs === undefined ? 0 : leftMs + LEFT_WITHIN_MS;
    const listener = await bindPatiently(address, { ...options, giveUpAtMs }).catch((error: unknown) => {
      throw isInUse(error) ? (heldByUs(address, held) ?? error) : error;
    });
    const bound = { written: formatBind(address), listener };
    held = [...held, bound];
    if (!closed) return bound;
    keep([]);
    throw new TsunicornError('BIND_FAILED', `Not listening on ${bound.written}: the server stops.`);
  };

  return {
    async open(addresses) {
      const before = all();
      const chosen: Held[] = [];
      try {
        for (const address of addresses) {
          const free = held.filter((one) => !chosen.includes(one));
          chosen.push(findUnder(address, free) ?? (await bindNew(address)));
        }
      } catch (error) {
        keep(before);
        throw error;
      }
      return chosen.map(({ listener }) => listener);
    },
    keep,
    all,
    closeAll() {
      closed = true;
      keep([]);
    },
  };
}

async function bindPatiently(
  address: BindAddress,
  { giveUpAtMs, ...options }: BindOptions & { giveUpAtMs: number },
): Promise<Listener> {
  for (;;) {
    try {
      return await bindAddress(address, options);
    } catch (error) {
      if (!isInUse(error) || performance.now() >= giveUpAtMs) throw error;
    }
    await delay(TRY_EVERY_MS, undefined, { ref: false });
  }
}

function isInUse(error: unknown): boolean {
  return error instanceof TsunicornError && error.code === 'BIND_IN_USE';
}

/** As it was written, or by the port that the kernel chose: whoever writes that port down means this socket. */
function findUnder(address: BindAddress, free: readonly Held[]): Held | undefined {
  const name = formatBind(address);
  return (
    free.find(({ written }) => written === name) ?? free.find(({ listener }) => formatBind(listener.address) === name)
  );
}

/** Why a port is in use that no other process holds: under another name it is one of ours. */
function heldByUs(address: BindAddress, held: readonly Held[]): TsunicornError | null {
  if (address.kind !== 'tcp') return null;
  const ours = held.find(({ listener }) => {
    const { address: other } = listener;
    return other.kind === 'tcp' && other.port === address.port && mayOverlap(other.host, address.host);
  });
  if (ours === undefined) return null;
  const where = formatBind(ours.listener.address);
  const sentence = `Cannot listen on ${formatBind(address)}: this server itself listens there, as ${where}. Name the port once in "bind"; a reload can not move it to another host, so restart the server for that.`;
  return new TsunicornError('BIND_IN_USE', sentence);
}

/** Whether one port on both hosts may be the same. Of a name nobody knows here. */
function mayOverlap(one: string, other: string): boolean {
  if (one === other || WILDCARDS.includes(one) || WILDCARDS.includes(other)) return true;
  return isIP(one) === 0 || isIP(other) === 0;
}
