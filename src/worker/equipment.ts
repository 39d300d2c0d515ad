import { callHook } from '../config/call-hook.ts';
import type { ServerInfo, WorkerInfo } from '../config/hooks.ts';
import { accessLogFormatSetting } from '../config/settings/logging.ts';
import type { BootMessage } from '../ipc/messages.ts';
import { type AccessWriter, openAccessLog } from '../logging/access-writer.ts';
import { createLogger, type Logger, resolveLogFormat } from '../logging/logger.ts';
import type { Config, Hooks } from '../settings.ts';
import { describeServer, describeWorker } from './facts.ts';

/** What a worker has at hand all its life: logs, hooks, and the way out. */
export interface Equipment {
  readonly log: Logger;
  readonly accessLog: AccessWriter | null;
  readonly server: ServerInfo;
  readonly worker: WorkerInfo;
  /** Empty until the config file was evaluated in this process. */
  hooks: Hooks;
  /** Calls a hook whose failure must not hurt: it is logged with its name. */
  runHook(name: keyof Hooks, call: (hooks: Hooks) => unknown): Promise<void>;
  reopenLogs(): void;
  /** SIGABRT of the master, to a worker whose event loop runs again: the hook gets its word, then the process ends. */
  abort(): Promise<never>;
  /** Says goodbye and ends the process. */
  leave(exitCode: number): Promise<never>;
}

/** @throws TsunicornError `LOG_FILE` */
export function openEquipment(boot: BootMessage): Equipment {
  const { config } = boot;
  const log = createLogger(config, { role: 'worker', pid: process.pid, workerId: boot.workerId });
  const equipment: Equipment = {
    log,
    accessLog: openAccess(config, log),
    server: describeServer(boot, log),
    worker: describeWorker(boot, log),
    hooks: {},
    async runHook(name, call) {
      try {
        await callHook(call, equipment.hooks);
      } catch (error) {
        log.event('hook.failed', { hook: name, error });
      }
    },
    reopenLogs() {
      log.reopen();
      equipment.accessLog?.reopen();
    },
    async abort() {
      await equipment.runHook('workerAbort', (hooks) => hooks.workerAbort?.(equipment.worker));
      return await equipment.leave(1);
    },
    async leave(exitCode) {
      await equipment.runHook('workerExit', (hooks) => hooks.workerExit?.(equipment.server, equipment.worker));
      await equipment.accessLog?.close();
      log.flush();
      process.exit(exitCode);
    },
  };
  return equipment;
}

function openAccess(config: Config, log: Logger): AccessWriter | null {
  const { accessLog, accessLogFormat } = config;
  if (accessLog === null) return null;
  const json = accessLogFormat === accessLogFormatSetting.default && resolveLogFormat(config) === 'json';
  return openAccessLog({ accessLog, accessLogFormat, json }, log);
}
