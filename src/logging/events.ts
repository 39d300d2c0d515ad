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
  'reload.refused': { level: 'warn', message: 'no reload' },
  'reload.ignored': { level: 'warn', message: 'reload ignored: the server is stopping' },

  'signal.received': { level: 'info', message: 'signal received' },
  'signal.ignored': { level: 'info', message: 'signal ignored: a terminal sends it when its window changes its size' },

  'upgrade.started': { level: 'info', message: 'a new master is started, and gets the sockets' },
  'upgrade.ready': { level: 'info', message: 'the new master is ready: both serve until one of them is told to stop' },
  'upgrade.refused': { level: 'warn', message: 'no upgrade: everything stays as it was' },
  'upgrade.failed': { level: 'error', message: 'the new master ended before it was ready: this one serves on' },
  'upgrade.timeout': { level: 'error', message: 'the new master was not ready in time, and is ended' },
  'upgrade.ended': { level: 'warn', message: 'the new master left: this one serves on alone' },
  'upgrade.handedOver': { level: 'info', message: 'this master leaves, and the new one has everything' },
  'upgrade.finished': { level: 'info', message: 'the old master has left: this one serves alone' },

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
  'worker.maxMemoryTooLow': {
    level: 'error',
    message:
      'a fresh worker is above maxMemory already: the application needs more than that, and each next one is started later',
  },
  'worker.backoff': { level: 'warn', message: 'workers fail repeatedly: the next one is started later' },
  'workers.resting': { level: 'info', message: 'all workers leave, the sockets stay: HUP or TTIN brings workers back' },
  'workers.restRefused': { level: 'warn', message: 'the workers stay' },
  'workers.woken': { level: 'info', message: 'workers are started again' },
  'worker.crashLoop': {
    level: 'error',
    message:
      'workers die again and again: their ends are told in one line a second at most, and each next one is started later',
  },
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
  'socket.lost': {
    level: 'warn',
    message: 'the file of a unix socket was removed or replaced by somebody else: it is left alone',
  },
  'bind.unused': {
    level: 'warn',
    message: 'bind is not used: the service manager passed sockets, and those take its place',
  },
  'notify.failed': {
    level: 'warn',
    message: 'the service manager was not told how the server is: no such failure is logged again',
  },
  'socket.replaced': { level: 'info', message: 'a stale unix socket was replaced' },
  'privileges.root': {
    level: 'warn',
    message: 'workers run as root: whoever breaks into the application owns the machine',
  },
  'config.untrusted': {
    level: 'warn',
    message: 'others than root can change the config file, which is used all the same',
  },
  'app.untrusted': {
    level: 'warn',
    message: 'others than root can change the application, which runs as root',
  },
  'node.endOfLife': { level: 'warn', message: 'this Node.js line gets no more security fixes' },
  'watch.changed': { level: 'info', message: 'a watched file changed' },
  'system.clockJump': { level: 'warn', message: 'the master was suspended: one round of timeouts is skipped' },
} as const satisfies Record<string, { level: LogLevel; message: string }>;

/** The name of an event in {@link logEvents}. */
export type LogEvent = keyof typeof logEvents;
