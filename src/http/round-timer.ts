import type { RoundFacts } from './in-flight.ts';

/** The one timer of a service: rounds over its connections, as long as there are any. */
export interface RoundTimer {
  /** Does nothing where rounds come at this interval already. */
  start(everyMs: number): void;
  /** One more round, soon. */
  hasten(): void;
  stop(): void;
  facts(): RoundFacts;
}

export function createRoundTimer(round: () => void): RoundTimer {
  let timer: NodeJS.Timeout | null = null;
  let everyMs = 0;
  let lastMs = 0;

  function run(): void {
    lastMs = performance.now();
    round();
  }

  // The round runs after a poll phase: whatever the kernel already held of a next request has been read by then.
  const soon = () => void setImmediate(run);

  function stop(): void {
    if (timer !== null) clearInterval(timer);
    timer = null;
  }

  return {
    start(wantedMs) {
      if (timer !== null && everyMs === wantedMs) return;
      stop();
      everyMs = wantedMs;
      lastMs = performance.now();
      timer = setInterval(soon, everyMs);
      timer.unref();
    },
    hasten: soon,
    stop,
    facts: () => ({ lastMs, everyMs }),
  };
}
