import { linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs';
import { errnoOf, messageOf, TsunicornError } from '../errors.ts';
import { isRunningMaster, readPid, writePidFile } from './pidfile.ts';

/** The name under which a master has its pid file, and the other one that it goes by while a new master has the first (USR2). */
export interface PidName {
  readonly path: string;
  /**
   * Frees the name for a new master: the file is `PATH.oldbin` from now on.
   *
   * @throws TsunicornError `PID_FILE`; nothing was touched then
   */
  putAside(): void;
  /**
   * Takes the name back from a new master that is gone. `false`: somebody else has it by now, who is left alone.
   *
   * @param newPid is what the new master may have left in the file.
   */
  putBack(newPid: number): boolean;
  /** Removes the file under whichever name, if it still holds our pid; `false` when it does not. */
  remove(): boolean;
}

/**
 * Writes the pid file.
 *
 * @throws TsunicornError `PID_FILE` as `writePidFile`
 */
export function takePidName(path: string, pid: number): PidName {
  const file = writePidFile(path, pid);
  const aside = oldbin(path);
  let isAside = false;
  return {
    path,
    putAside() {
      if (readPid(path) !== pid) throw notFreed(path, 'it no longer holds the pid of this server');
      moveOver(path, aside);
      isAside = true;
    },
    putBack(newPid) {
      if (!isAside) return true;
      if (readPid(aside) !== pid || !moveBack(aside, path, newPid)) return false;
      isAside = false;
      return true;
    },
    remove: () => (isAside ? removeOldbin(path, pid) : file.remove()),
  };
}

/** Removes `PATH.oldbin` if it holds the pid of that master; `false`: it does not. */
export function removeOldbin(path: string, pid: number): boolean {
  const aside = oldbin(path);
  if (readPid(aside) !== pid) return false;
  try {
    unlinkSync(aside);
    return true;
  } catch {
    return false;
  }
}

function oldbin(path: string): string {
  return `${path}.oldbin`;
}

/** A file that names no running master is left over from an upgrade whose old master was killed. */
function moveOver(from: string, to: string): void {
  try {
    if (moveIfFree(from, to)) return;
    if (!lstatSync(to).isFile()) throw notFreed(from, `something that is no regular file stands at ${to}`);
    const owner = readPid(to);
    if (owner !== null && isRunningMaster(owner)) throw notFreed(from, `${to} names process ${owner}, which runs`);
    renameSync(from, to);
  } catch (error) {
    throw error instanceof TsunicornError ? error : notFreed(from, messageOf(error));
  }
}

function moveBack(from: string, to: string, newPid: number): boolean {
  try {
    if (readPid(to) !== newPid) return moveIfFree(from, to);
    renameSync(from, to);
    return true;
  } catch {
    return false;
  }
}

/** link(2) replaces nothing. */
function moveIfFree(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    unlinkSync(from);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function notFreed(path: string, why: string): TsunicornError {
  return new TsunicornError('PID_FILE', `The pid file ${path} cannot be renamed to ${oldbin(path)}: ${why}.`);
}
