/** What a signal sent to a worker itself means. Signals meant for the master reach it too, from a terminal or from `pkill`. */
export interface WorkerSignals {
  drain(mode: 'stop' | 'quick'): void;
  reopenLogs(): void;
  abort(): void;
}

const IGNORED = ['SIGHUP', 'SIGINT', 'SIGUSR2', 'SIGTTIN', 'SIGTTOU', 'SIGWINCH'] as const;

/**
 * Must run before anything else in a worker: Node's own answer to an early SIGUSR1 is an open inspector port, and to most others death.
 * TERM waits until the accept queue is empty, since whoever signals a whole control group stops the master too.
 */
export function handleWorkerSignals(signals: WorkerSignals): void {
  process.on('SIGUSR1', () => signals.reopenLogs());
  process.on('SIGTERM', () => signals.drain('stop'));
  process.on('SIGQUIT', () => signals.drain('quick'));
  process.on('SIGABRT', () => signals.abort());
  for (const name of IGNORED) process.on(name, () => {});
}
