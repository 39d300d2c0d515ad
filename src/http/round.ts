/** To end a thousand slow readers at once keeps the kernel busy for 600 ms: in between, others are served. */
const SLICE_MS = 2;

/** What is judged. `true`: it was ended, which takes time. */
interface Judged {
  judge(nowMs: number): boolean;
}

/**
 * Makes what judges all of a set once, in turns of the event loop where much is to be done; a round that begins before the last one is
 * over does nothing.
 */
export function createRound(all: ReadonlySet<Judged>): () => void {
  let isUnderWay = false;

  function judge(rest: IterableIterator<Judged>): void {
    const nowMs = performance.now();
    isUnderWay = false;
    // Not `for … of`: what is left is for the next turn.
    for (let next = rest.next(); next.done !== true; next = rest.next()) {
      const isEnded = next.value.judge(nowMs);
      if (!isEnded || performance.now() - nowMs < SLICE_MS) continue;
      isUnderWay = true;
      return void setImmediate(() => judge(rest));
    }
  }

  return () => {
    if (!isUnderWay) judge(all.values());
  };
}
