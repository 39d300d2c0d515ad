const SLOWEST_BEAT_MS = 1_000;
const BEATS_PER_TIMEOUT = 4;

/** How often to beat so that a single late beat is never taken for silence; `timeoutMs` `null`: nobody minds silence. */
export function heartbeatEveryMs(timeoutMs: number | null): number {
  return timeoutMs === null ? SLOWEST_BEAT_MS : Math.min(SLOWEST_BEAT_MS, timeoutMs / BEATS_PER_TIMEOUT);
}

/** Beats from the event loop: a blocked loop is silent, which is the point. Runs until the process ends. */
export function startHeartbeat(beat: () => void, everyMs: number): { stop(): void } {
  const timer = setInterval(beat, everyMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
