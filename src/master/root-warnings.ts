import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { doubtAboutDirectory } from '../config/trust.ts';
import type { Logger } from '../logging/logger.ts';
import { isRoot } from '../os/trust.ts';
import type { VettedConfig } from './vet.ts';

/**
 * Says once, at the start of a server that root has started, what an operator may not know: that its workers stay root, and who else can
 * change what it runs. Whoever writes `user: 'root'` knows.
 */
export function tellOfRoot(
  { config, account, doubt }: VettedConfig,
  { log, cwd }: { log: Pick<Logger, 'event'>; cwd: string },
): void {
  if (!isRoot()) return;
  if (doubt !== null) log.event('config.untrusted', { reason: doubt });
  const staysRoot = account === null || account.uid === 0;
  if (staysRoot && config.user === null) {
    log.event('privileges.root', {
      advice: 'set "user" and "group", for example to www-data (-u www-data -g www-data)',
    });
  }
  // Seen as `worker` sees it; of a Python module it is the directory in which Python looks for it.
  const directory = dirname(resolve(config.chdir ?? cwd, config.app));
  const reason = staysRoot && existsSync(directory) ? doubtAboutDirectory(directory) : null;
  if (reason !== null) log.event('app.untrusted', { reason });
}
