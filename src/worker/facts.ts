import type { ServerInfo, WorkerInfo } from '../config/hooks.ts';
import type { BootMessage } from '../ipc/messages.ts';
import { hookLog } from '../logging/hook-log.ts';
import type { Logger } from '../logging/logger.ts';

/** The server as hooks in a worker see it. */
export function describeServer(boot: BootMessage, log: Logger): ServerInfo {
  return {
    pid: process.ppid,
    addresses: boot.listeners.map(({ url }) => url),
    workers: boot.config.workers,
    config: boot.config,
    log: hookLog(log),
  };
}

/** This worker as its hooks see it. */
export function describeWorker(boot: BootMessage, log: Logger): WorkerInfo {
  return { id: boot.workerId, pid: process.pid, generation: boot.generation, log: hookLog(log) };
}
