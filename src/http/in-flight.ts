import type { Exchange } from './exchange.ts';

/** A request that is being answered. */
export interface InFlight {
  readonly method: string;
  readonly target: string;
  /** When a round over the connections saw it first; `null`: none has. */
  readonly sinceMs: number | null;
}

/** The same with its age. */
export interface RequestInFlight {
  readonly method: string;
  readonly target: string;
  readonly ageMs: number;
}

export function inFlightOf(exchange: Exchange | null, sinceMs: number | null = null): InFlight | null {
  if (exchange === null) return null;
  const { method, target } = exchange.head.line;
  return { method, target, sinceMs };
}

/** How rounds over the connections stand, of `performance.now()`. */
export interface RoundFacts {
  /** When the last one began, or when the first one was begun to be waited for. */
  readonly lastMs: number;
  readonly everyMs: number;
}

/**
 * Ages without a clock that is read for each request: one that a round saw first began after the round before, and one that none has seen
 * yet after the last. So what began earlier is never younger, and an age is too high by the time between two rounds, a second, at most.
 */
export function agesOf(requests: readonly (InFlight | null)[], { lastMs, everyMs }: RoundFacts): RequestInFlight[] {
  const nowMs = performance.now();
  return requests.flatMap((request) => {
    if (request === null) return [];
    const { method, target, sinceMs } = request;
    const beganMs = sinceMs === null ? lastMs : Math.min(lastMs, sinceMs - everyMs);
    return [{ method, target, ageMs: nowMs - beganMs }];
  });
}
