import type { Logger } from '../logging/logger.ts';
import { logSparingly } from '../logging/sparing-log.ts';
import { STABLE_MS } from './failures.ts';

/** The end of a worker in a crash loop. */
export interface LoopFailure {
  readonly failures: number;
  /** Until the next one is started. */
  readonly delayMs: number;
  readonly workerId: number;
  readonly workerPid?: number;
  readonly [fact: string]: unknown;
}

/** What is told of workers that die again and again: their ends in one line a second, and of those that get ready only who lasts. */
export interface LoopLog {
  failed(failure: LoopFailure): void;
  /** Tells of it when it has lasted. */
  ready(workerId: number, tell: () => void): void;
  /** The worker is gone. */
  gone(workerId: number): void;
}

export function createLoopLog(log: Pick<Logger, 'event'>, lastsAfterMs: number = STABLE_MS): LoopLog {
  const failed = logSparingly<LoopFailure>(log, 'worker.crashLoop');
  const untold = new Map<number, NodeJS.Timeout>();
  return {
    failed,
    ready(workerId, tell) {
      const timer = setTimeout(() => {
        untold.delete(workerId);
        tell();
      }, lastsAfterMs);
      untold.set(workerId, timer.unref());
    },
    gone(workerId) {
      clearTimeout(untold.get(workerId));
      untold.delete(workerId);
    },
  };
}
