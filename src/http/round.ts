import type { HttpLimits } from './limits.ts';

/** While a drain is under way. */
export const DRAIN_ROUND_MS = 50;
const SHORTEST_ROUND_MS = 250;
const LONGEST_ROUND_MS = 1_000;

/**
 * How often connections are judged: ten times within the shortest patience. What finds its memory cold, as each round over a thousand
 * connections does, costs some 0.7 µs a connection.
 */
export function roundMsOf(limits: HttpLimits): number {
  const { headerTimeoutMs, bodyTimeoutMs, writeTimeoutMs, requestTimeoutMs, keepAliveMs } = limits;
  const patiences = [headerTimeoutMs, bodyTimeoutMs, writeTimeoutMs, requestTimeoutMs ?? 0, keepAliveMs];
  const shortest = Math.min(...patiences.filter((ms) => ms > 0));
  return Math.min(LONGEST_ROUND_MS, Math.max(SHORTEST_ROUND_MS, shortest / 10));
}

/** For so long others wait at most, but for one that takes longer to end. */
const SLICE_MS = 0.3;
/** To judge takes a tenth of a microsecond, or a few: the clock need not be asked behind each. */
const GLANCE_EVERY = 16;

/** How a set is judged. `judge` returns whether it ended that one, which takes time: a slow reader may cost the kernel half a millisecond. */
export interface RoundOptions<Judged> {
  all(): IterableIterator<Judged>;
  judge(one: Judged, nowMs: number): boolean;
}

/**
 * Makes what judges all of a set once, in turns of the event loop where it takes long: thousands of slow clients shall keep no good one
 * waiting. A round that begins before the last one is over does nothing.
 */
export function createRound<Judged>({ all, judge }: RoundOptions<Judged>): () => void {
  let rest: IterableIterator<Judged> | null = null;

  function go(): void {
    if (rest === null) return;
    const nowMs = performance.now();
    let unseen = 0;
    // Not `for … of`: what is left is for the next turn.
    for (let next = rest.next(); next.done !== true; next = rest.next()) {
      unseen += 1;
      if (!judge(next.value, nowMs) && unseen < GLANCE_EVERY) continue;
      unseen = 0;
      if (performance.now() - nowMs >= SLICE_MS) return void setImmediate(go);
    }
    rest = null;
  }

  return () => {
    if (rest !== null) return;
    rest = all();
    go();
  };
}
