/** How much an operator may want to read; each level includes those after it. */
export const levels = ['debug', 'info', 'warn', 'error'] as const;

/** One of {@link levels}. */
export type LogLevel = (typeof levels)[number];

/**
 * Every event that this program logs: its level and its words stand here and nowhere else. Whoever watches the log matches on the name,
 * which never changes; the words may.
 */
export const logEvents = {
  'server.starting': { level: 'info', message: 'starting' },
  'server.listening': { level: 'info', message: 'listening' },
  'server.ready': { level: 'info', message: 'all workers are ready' },
  'server.stopping': { level: 'info', message: 'stopping' },
  'server.stopHurried': { level: 'warn', message: 'asked to stop a second time: no longer waiting for requests' },
  'server.stopped': { level: 'info', message: 'stopped' },
  'server.failed': { level: 'error', message: 'giving up' },
  'server.uncaught': { level: 'error', message: 'something in the master threw where nobody caught it: it serves on' },
  'server.orphaned': { level: 'error', message: 'the master is gone: this worker finishes its requests and exits' },

  'reload.started': { level: 'info', message: 'reloading' },
  'reload.finished': { level: 'info', message: 'reload finished' },
  'reload.superseded': {
    level: 'warn',
    message: 'reload did not finish: workers keep failing, and another was asked for',
  },
  'reload.failed': { level: 'error', message: 'reload failed: everything stays as it was' },
  'reload.aborted': {
    level: 'error',
    message: 'reload aborted: the first new worker failed, the old workers serve on',
  },
  'reload.waiting': { level: 'info', message: 'a reload waits until more workers of earlier ones have left' },
  'reload.queued': { level: 'info', message: 'a reload is under way: one more follows it' },
  'reload.ignored': { level: 'warn', message: 'reload ignored: the server is stopping' },

  'signal.received': { level: 'info', message: 'signal received' },
  'signal.ignored': { level: 'warn', message: 'this signal has no meaning in this release' },

  'worker.spawned': { level: 'info', message: 'worker started' },
  'worker.spawnFailed': { level: 'error', message: 'the operating system refused to start a worker' },
  'worker.ready': { level: 'info', message: 'worker is ready' },
  'worker.draining': { level: 'info', message: 'worker finishes its requests' },
  'worker.exited': { level: 'info', message: 'worker exited' },
  'worker.crashed': { level: 'error', message: 'worker died unexpectedly' },
  'worker.unreachable': { level: 'error', message: 'worker closed its channel: it counts as dead' },
  'worker.bootFailed': { level: 'error', message: 'worker failed before it was ready' },
  'worker.bootTimeout': { level: 'error', message: 'worker was not ready in time' },
  'worker.timeout': { level: 'error', message: 'worker sent no heartbeat' },
  'worker.killed': { level: 'warn', message: 'worker killed at the deadline' },
  'worker.recycling': { level: 'info', message: 'worker asks to be replaced' },
  'worker.backoff': { level: 'warn', message: 'workers fail repeatedly: the next one is started later' },
  'worker.descriptors': {
    level: 'error',
    message: 'worker is running out of descriptors: it accepts no more and asks to be replaced',
  },
  'workers.enough': { level: 'warn', message: 'TTIN ignored: no more workers than eight a CPU' },
  'workers.changed': { level: 'info', message: 'number of workers changed' },

  'app.loaded': { level: 'debug', message: 'application loaded' },
  'app.uncaughtException': { level: 'error', message: 'the application let an exception escape' },
  'app.unhandledRejection': { level: 'error', message: 'the application left a rejected promise unhandled' },
  'python.ready': { level: 'debug', message: 'Python process is ready' },
  'python.output': { level: 'info', message: 'written by the application' },
  'python.left': { level: 'debug', message: 'Python process left' },
  'python.signalled': {
    level: 'info',
    message: 'Python process finished its requests and left, as a signal told it to: another one takes its place',
  },
  'python.crashed': { level: 'error', message: 'Python process died unexpectedly: another one takes its place' },
  'python.timeout': { level: 'error', message: 'Python process was silent for longer than timeout, and was ended' },
  'python.recycling': { level: 'info', message: 'Python process is replaced by a fresh one' },
  'python.broken': { level: 'error', message: 'Python process sent what is no answer, and was ended' },
  'python.notReady': { level: 'error', message: 'Python process failed before it was ready: it is tried again' },
  'python.zygoteDied': { level: 'error', message: 'the process that Python processes are forked from died' },
  'tls.handshakeFailed': { level: 'info', message: 'TLS handshakes failed' },
  'request.failed': { level: 'error', message: 'the application failed on a request' },
  'request.refused': { level: 'info', message: 'a request was refused, or a connection ended at its deadline' },
  'drain.started': { level: 'debug', message: 'drain started' },
  'drain.cut': { level: 'warn', message: 'connections cut at the end of gracefulTimeout' },

  'logs.reopened': { level: 'info', message: 'log file reopened' },
  'logs.reopenFailed': { level: 'error', message: 'log file not reopened: the old one is written on' },
  'logs.writeFailed': { level: 'error', message: 'access log cannot be written: lines are kept, then dropped' },
  'logs.dropped': { level: 'warn', message: 'log lines were lost' },

  'hook.failed': { level: 'error', message: 'a hook threw' },
  'hook.log': { level: 'info', message: 'logged by a hook' },
  'message.invalid': { level: 'warn', message: 'a worker sent a message that the master does not know' },
  'pidFile.written': { level: 'debug', message: 'pid file written' },
  'pidFile.lost': { level: 'warn', message: 'the pid file no longer holds our pid: it is left alone' },
  'socket.replaced': { level: 'info', message: 'a stale unix socket was replaced' },
  'node.endOfLife': { level: 'warn', message: 'this Node.js line gets no more security fixes' },
  'watch.changed': { level: 'info', message: 'a watched file changed' },
  'system.clockJump': { level: 'warn', message: 'the master was suspended: one round of timeouts is skipped' },
} as const satisfies Record<string, { level: LogLevel; message: string }>;

/** The name of an event in {@link logEvents}. */
export type LogEvent = keyof typeof logEvents;
