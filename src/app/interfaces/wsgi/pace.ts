/**
 * How much work a Python process is given ahead. With one request at a time each costs a change between two processes: 7.9 k requests a
 * second, where four at a time make 17.6 k and sixteen 24 k. But what waits in one process cannot go to another, so it must not wait long.
 */

/** Work that may wait in a process, by the time that it takes. */
const AHEAD_MS = 2;
const MOST_AHEAD = 31;
/** How much of an estimate each faster request takes away. A slower one counts at once: to hold back too much costs less than to wait. */
const DECAY = 0.1;

/** How long a request keeps a Python process busy, lately and at worst. */
export interface Pace {
  /** Requests began to be there after there was none. */
  began(nowMs: number): void;
  /** That many were answered. */
  answered(count: number, nowMs: number): void;
  /** How many may wait in the process beyond those that it runs. */
  ahead(): number;
}

export function createPace(): Pace {
  let serviceMs = Number.POSITIVE_INFINITY;
  let sinceMs = 0;
  return {
    began(nowMs) {
      sinceMs = nowMs;
    },
    answered(count, nowMs) {
      const sampleMs = (nowMs - sinceMs) / count;
      sinceMs = nowMs;
      // The first one takes longer than any other: nothing is known from it.
      if (serviceMs === Number.POSITIVE_INFINITY) serviceMs = AHEAD_MS;
      serviceMs = Math.max(sampleMs, serviceMs * (1 - DECAY) ** count);
    },
    ahead: () => Math.min(MOST_AHEAD, Math.floor(AHEAD_MS / serviceMs)),
  };
}
