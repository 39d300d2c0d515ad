import { closeSync, fchownSync, fstatSync, lstatSync, type Stats } from 'node:fs';
import { openAppend } from '../logging/log-file.ts';
import type { Account } from '../os/account.ts';
import type { VettedConfig } from './vet.ts';

/**
 * Makes the log files that are not there, and gives those to the account of the workers that it could not append to: they open them too, and
 * again at USR1, in a directory where they may make nothing. To be called before each of that. It throws nothing: a worker that still can
 * not open its log says so.
 */
export function handOverLogs({ config, account }: Pick<VettedConfig, 'config' | 'account'>): void {
  if (account === null) return;
  for (const name of ['errorLog', 'accessLog'] as const) {
    const path = config[name];
    if (path !== null && path !== '-') handOver(path, name, account);
  }
}

function handOver(path: string, name: 'errorLog' | 'accessLog', account: Account): void {
  let fd: number | undefined;
  try {
    fd = openAppend(path, name);
    const stats = fstatSync(fd);
    if (isOwnFile(path, stats) && !mayAppend(account, stats)) fchownSync(fd, account.uid, account.gid);
  } catch {
    // The worker meets the same, and tells it with the name of the setting.
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * Whether what was opened is a regular file and stands just there: not behind a symbolic link, and under no other name, which whoever may
 * write to the directory could have made of any file.
 */
function isOwnFile(path: string, opened: Stats): boolean {
  const { dev, ino } = lstatSync(path);
  return opened.isFile() && opened.nlink === 1 && opened.dev === dev && opened.ino === ino;
}

function mayAppend({ uid, groups }: Account, stats: Pick<Stats, 'uid' | 'gid' | 'mode'>): boolean {
  if (stats.uid === uid) return (stats.mode & 0o200) !== 0;
  if (groups.includes(stats.gid)) return (stats.mode & 0o020) !== 0;
  return (stats.mode & 0o002) !== 0;
}
