import type { Logger } from '../logging/logger.ts';
import { logSparingly } from '../logging/sparing-log.ts';

/**
 * What nobody in the master catches, such as what a hook throws from a timer, is logged (a line a second at most), and the master goes on
 * supervising: the workers do not need it for what they serve, and without it a server cannot mend itself. Holds until the process ends.
 */
export function surviveUncaught(log: Pick<Logger, 'event'>): void {
  const tell = logSparingly<{ kind: 'exception' | 'rejection'; error: unknown }>(log, 'server.uncaught');
  process.on('uncaughtException', (error) => tell({ kind: 'exception', error }));
  process.on('unhandledRejection', (error) => tell({ kind: 'rejection', error }));
}
