import type { HookLog } from '../config/hooks.ts';
import type { Logger } from './logger.ts';

/** What hooks write to: lines of the event `hook.log`, at the level they choose. */
export function hookLog(log: Pick<Logger, 'message'>): HookLog {
  return {
    debug: (message, fields) => log.message('debug', message, fields),
    info: (message, fields) => log.message('info', message, fields),
    warn: (message, fields) => log.message('warn', message, fields),
    error: (message, fields) => log.message('error', message, fields),
  };
}
