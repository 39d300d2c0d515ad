/** What a signal sent to a worker itself means. Signals meant for the master reach it too, from a terminal or from `pkill`. */
export interface WorkerSignals {
  drain(mode: 'stop' | 'quick'): void;
  reopenLogs(): void;
  abort(): void;
}

/** A master that was signalled too says within this time what is to be done, on a busy machine as well. */
const MASTER_SPEAKS_WITHIN_MS = 250;

const IGNORED = ['SIGHUP', 'SIGINT', 'SIGUSR2', 'SIGTTIN', 'SIGTTOU', 'SIGWINCH'] as const;

/**
 * Must run before anything else in a worker: Node's own answer to an early SIGUSR1 is an open inspector port, and to most others death.
 * TERM waits a moment, since whoever signals a whole control group stops the master too. A worker that left by itself would believe that
 * the others serve on: its clients would connect anew, to a queue that nobody empties any more, and the master would start a successor.
 */
export function handleWorkerSignals(signals: WorkerSignals): void {
  process.on('SIGUSR1', () => signals.reopenLogs());
  process.on('SIGTERM', () => void setTimeout(() => signals.drain('stop'), MASTER_SPEAKS_WITHIN_MS));
  process.on('SIGQUIT', () => signals.drain('quick'));
  process.on('SIGABRT', () => signals.abort());
  for (const name of IGNORED) process.on(name, () => {});
}
