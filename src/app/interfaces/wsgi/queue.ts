import type { Call } from './call.ts';
import type { PythonChannel } from './channel.ts';

/** What of a call matters here. */
export interface Waiting extends Pick<Call, 'rest' | 'queuedMs'> {
  readonly exchange: Pick<Call['exchange'], 'isOver'>;
}

/** What of a channel matters here. */
export interface Seat<C extends Waiting> extends Pick<PythonChannel, 'load' | 'room' | 'isFree'> {
  send(call: C, nowMs: number): void;
}

/** Calls that wait for a Python process, in the order in which they came. */
export interface CallQueue<C extends Waiting> {
  /** Gives it to a process, or keeps it until one has room. */
  add(call: C): void;
  /** As `add`, in front of all that wait: these were with a process that is gone. */
  addAgain(calls: readonly C[]): void;
  /** Hands out what waits, as far as there is room. */
  pump(): void;
  /** Takes away, and returns, what has waited since before `sinceMs`. */
  expire(sinceMs: number): C[];
  readonly length: number;
}

/** @param channels those that take calls */
export function createCallQueue<C extends Waiting>(channels: ReadonlySet<Seat<C>>): CallQueue<C> {
  let waiting: C[] = [];
  /** Where the oldest stands: to shift a long array costs a copy of it. */
  let first = 0;

  function pump(): void {
    let nowMs = 0;
    while (first < waiting.length) {
      const call = waiting[first];
      if (call === undefined) break;
      if (!call.exchange.isOver) {
        const channel = choose(call, channels);
        if (channel === null) break;
        if (nowMs === 0) nowMs = performance.now();
        channel.send(call, nowMs);
      }
      first += 1;
    }
    if (first === waiting.length) {
      waiting = [];
      first = 0;
    } else if (first > 1024) {
      waiting = waiting.slice(first);
      first = 0;
    }
  }

  return {
    add(call) {
      if (first === waiting.length) {
        const channel = choose(call, channels);
        if (channel !== null) return channel.send(call, performance.now());
      }
      waiting.push(call);
    },
    addAgain(calls) {
      waiting = [...calls, ...waiting.slice(first)];
      first = 0;
      pump();
    },
    pump,
    expire(sinceMs) {
      const from = first;
      while ((waiting[first]?.queuedMs ?? Number.POSITIVE_INFINITY) < sinceMs) first += 1;
      return waiting.slice(from, first).filter(({ exchange }) => !exchange.isOver);
    },
    get length() {
      return waiting.length - first;
    },
  };
}

/**
 * The process with the least work that has room. One with a body on its way goes to a process that begins it at once: its pieces cannot be
 * taken back and given to another one.
 */
function choose<C extends Waiting>({ rest }: C, channels: ReadonlySet<Seat<C>>): Seat<C> | null {
  let best: Seat<C> | null = null;
  for (const channel of channels) {
    if (rest === null ? channel.room <= 0 : !channel.isFree) continue;
    if (best === null || channel.load < best.load) best = channel;
  }
  return best;
}
