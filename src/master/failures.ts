import { backoffMs } from '../os/backoff.ts';
import type { Pool, PoolWorker } from './pool.ts';
import { isOnTrial } from './reload-state.ts';

/** A worker that was ready for this long before it died is not part of a crash loop. */
export const STABLE_MS = 2_000;
/** After this long without a failure the next one is the first again. */
const CALM_MS = 30_000;
/** Spreads the jitter of successive workers evenly over [0, 1). */
const GOLDEN_RATIO = 0.618_033_988_749_895;

/** Whether it is ready, and was not for long enough to count as one that lasts. */
export function isYoung({ state }: PoolWorker, nowMs: number): boolean {
  return state.phase === 'ready' && nowMs - state.readyAtMs < STABLE_MS;
}

/** Whether workers die young for the third time in a row, or oftener: what is told of each of them would fill the log. */
export function isCrashLoop({ backoff, everReady }: Pool, nowMs: number): boolean {
  return everReady && backoff.failures > 2 && nowMs - backoff.retryAtMs < CALM_MS;
}

/** Counts the end of a worker that nobody asked to leave; one that was draining or killed was counted when that was decided. */
export function failedYoung(pool: Pool, workerId: number, nowMs: number): Pool {
  const worker = pool.workers.find(({ id }) => id === workerId);
  if (worker === undefined || (worker.state.phase !== 'booting' && worker.state.phase !== 'ready')) return pool;
  const stable = worker.state.phase === 'ready' && !isYoung(worker, nowMs);
  const calm = nowMs - pool.backoff.retryAtMs >= CALM_MS;
  const together = !stable && nowMs < pool.backoff.retryAtMs;
  const failures = stable || calm ? 1 : pool.backoff.failures + 1;
  const jitter = (pool.jitterSeed + workerId * GOLDEN_RATIO) % 1;
  const { reload } = pool;
  const trialFailed = reload.phase === 'rolling' && isOnTrial(reload.trial) && worker.generation === pool.generation;
  return {
    ...pool,
    // Of many that one cause ends together, each further one is no further failure: the pause would grow with their number.
    backoff: together ? pool.backoff : { failures, retryAtMs: nowMs + backoffMs(failures, jitter) },
    reload: trialFailed ? { ...reload, trial: { verdict: 'failed' } } : reload,
  };
}
