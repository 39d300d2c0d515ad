import { linkSync, lstatSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { errnoOf, messageOf, TsunicornError } from '../errors.ts';

/** A pid file that holds our pid. Whoever wrote it owns it and removes it. */
export interface PidFile {
  /** Removes the file if it still holds our pid; `false` when it belongs to somebody else by now. */
  remove(): boolean;
}

/**
 * Writes `pid` to `path` in one step. A file that names a process which no longer lives, or is no tsunicorn master, is replaced.
 *
 * @throws TsunicornError `PID_FILE` when a server runs under it, or it cannot be written; nothing was touched then.
 */
export function writePidFile(path: string, pid: number): PidFile {
  const temporary = `${path}.${pid}.tmp`;
  try {
    writeFileSync(temporary, `${pid}\n`, { flag: 'wx', mode: 0o644 });
  } catch (cause) {
    const advice = 'Its directory must exist and be writable. Create it or change "pidFile".';
    throw new TsunicornError('PID_FILE', `Cannot write the pid file ${path}: ${messageOf(cause)}. ${advice}`, {
      cause,
    });
  }
  try {
    putInPlace(temporary, path);
  } catch (error) {
    removeIfThere(temporary);
    throw error;
  }
  return { remove: () => readPid(path) === pid && removeIfThere(path) };
}

function putInPlace(temporary: string, path: string): void {
  try {
    // link(2) fails when the name is taken: of two servers that start together only one wins.
    linkSync(temporary, path);
    unlinkSync(temporary);
    return;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') {
      throw new TsunicornError('PID_FILE', `Cannot write the pid file ${path}: ${messageOf(error)}.`, { cause: error });
    }
  }
  if (!lstatSync(path).isFile()) {
    const what = 'something that is no regular file stands there. Move it away or change "pidFile"';
    throw new TsunicornError('PID_FILE', `Cannot write the pid file ${path}: ${what}.`);
  }
  const owner = readPid(path);
  if (owner !== null && isRunningMaster(owner)) {
    const advice = `Stop it (kill -TERM ${owner}), reload it (kill -HUP ${owner}), or give this server another "pidFile".`;
    throw new TsunicornError(
      'PID_FILE',
      `A server runs already: process ${owner}, as the pid file ${path} says. ${advice}`,
    );
  }
  renameSync(temporary, path);
}

/** The pid that the file holds; `null`: none. */
export function readPid(path: string): number | null {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : null;
  } catch {
    return null;
  }
}

/** A pid can belong to a stranger by now. Where /proc tells what a process is, only one of ours counts. */
export function isRunningMaster(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') return false;
  }
  try {
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
    return commandLine.includes('tsunicorn') || /: master\0*$/.test(commandLine);
  } catch {
    return true;
  }
}

function removeIfThere(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}
