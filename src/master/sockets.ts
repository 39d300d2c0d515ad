import { isIP } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { TsunicornError } from '../errors.ts';
import { type BindAddress, formatBind } from '../listener/address.ts';
import { adoptInherited, type BindOptions, bindAddress, type Listener } from '../listener/bind.ts';
import type { InheritedSocket } from '../listener/inheritance.ts';
import { removeSocketFile, type SocketFile } from '../listener/socket-file.ts';
import type { VettedConfig } from './vet.ts';

/** A worker that was told to leave empties the queue of a socket for a second at most; only then is its port free. */
const LEFT_WITHIN_MS = 2_000;
const TRY_EVERY_MS = 50;
const WILDCARDS: readonly string[] = ['0.0.0.0', '::'];

/** A configuration with the sockets that it is served on, in the order of `bind`. They belong to `Sockets`. */
export interface ServedConfig extends VettedConfig {
  readonly listeners: readonly Listener[];
}

export interface SocketsOptions extends BindOptions {
  /** What the master before this one passed on; `null`: there is none. */
  readonly inherited?: readonly InheritedSocket[] | null;
  /** Whether another master may listen there: the file of such a socket outlives its close. */
  isShared?(listener: Listener): boolean;
  /** The file of a unix socket was removed, or another one is in its place, which was left alone. */
  onLost?(path: string): void;
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
  /** Descriptors that this process was started with: nobody marked them as closed on exec (see `ProcessSpec`). */
  withheldFds(): readonly number[];
  /** All that are held, with what is to be said about them to another master. */
  passOn(): readonly HeldListener[];
  /** Closes all for good; an `open` under way fails, and leaves nothing. */
  closeAll(): void;
  /** Removes the files of shared sockets that were closed: no other master listens there any more. */
  removeLeft(): void;
}

/** A listener, and what `bind` said when it was bound: with port 0 that is not where it listens. */
export interface HeldListener {
  readonly written: string;
  readonly listener: Listener;
}

/**
 * Holds nothing but what was inherited. Whoever makes it must `closeAll` at the end.
 *
 * @throws TsunicornError `INHERITANCE_REFUSED`
 */
export function createSockets(options: SocketsOptions): Sockets {
  const { inherited = null } = options;
  let held: readonly HeldListener[] = (inherited ?? []).map((socket) => ({
    written: socket.written,
    listener: adoptInherited(socket, options.scheme),
  }));
  let closed = false;
  const files = createFileRemover(options);
  /** Ports that were given up, and when: workers may still hold them for a moment. */
  const leftAtMs = new Map<number, number>();

  const all = () => held.map(({ listener }) => listener);
  const keep = (wanted: readonly Listener[]) => {
    const unwanted = held.filter(({ listener }) => !wanted.includes(listener));
    held = held.filter(({ listener }) => wanted.includes(listener));
    for (const { listener } of unwanted) {
      // Before the socket is closed: as soon as it is, another server may bind the path.
      files.remove(listener);
      listener.close();
      if (listener.address.kind === 'tcp') leftAtMs.set(listener.address.port, performance.now());
    }
  };
  const bindNew = async (address: BindAddress): Promise<HeldListener> => {
    if (address.kind === 'fd' && inherited !== null) throw notPassedOn(address);
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
      const chosen: HeldListener[] = [];
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
    withheldFds: () => all().flatMap(({ inherited: isInherited, fd }) => (isInherited ? [fd] : [])),
    passOn: () => held,
    closeAll() {
      closed = true;
      keep([]);
    },
    removeLeft: files.removeLeft,
  };
}

/** Nobody but this removes the file of a unix socket; those of shared ones are kept for later. */
function createFileRemover({ isShared = () => false, onLost }: SocketsOptions) {
  let left: readonly SocketFile[] = [];
  const removeNow = (file: SocketFile) => {
    if (!removeSocketFile(file)) onLost?.(file.path);
  };
  return {
    remove(listener: Listener): void {
      const { file } = listener;
      if (file === null) return;
      if (isShared(listener)) left = [...left, file];
      else removeNow(file);
    },
    removeLeft(): void {
      for (const file of left) removeNow(file);
      left = [];
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

function notPassedOn(address: BindAddress): TsunicornError {
  const advice = 'and an upgrade takes no other descriptors. Restart the server, or leave it out of "bind".';
  return new TsunicornError(
    'BIND_FAILED',
    `Cannot listen on ${formatBind(address)}: the master before this one did not pass it on, ${advice}`,
  );
}

/** As it was written, or by the port that the kernel chose: whoever writes that port down means this socket. */
function findUnder(address: BindAddress, free: readonly HeldListener[]): HeldListener | undefined {
  const name = formatBind(address);
  return (
    free.find(({ written }) => written === name) ?? free.find(({ listener }) => formatBind(listener.address) === name)
  );
}

/** Why a port is in use that no other process holds: under another name it is one of ours. */
function heldByUs(address: BindAddress, held: readonly HeldListener[]): TsunicornError | null {
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
