import { randomBytes } from 'node:crypto';
import { linkSync, lstatSync, readFileSync, readlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { errnoOf, messageOf, TsunicornError } from '../errors.ts';
import { whileAlone } from '../os/alone.ts';
import { lookAt } from '../os/remove-same.ts';

/** How often another server may be at the same file, and how long it is waited for each time. */
const MOST_TURNS = 5;
const TURN_MS = 20;

/** A pid file that holds our pid. Whoever wrote it owns it and removes it. */
export interface PidFile {
  /** Removes the file if it still holds our pid; `false` when it belongs to somebody else by now. */
  remove(): boolean;
}

/**
 * Writes `pid` to `path` in one step. A file that names a process which no longer lives, or is no tsunicorn master, is replaced.
 *
 * The directory may be one that strangers can write to: the file is made under a name that they can not guess and that must be new, and
 * moved in place without ever being opened by the other name, so that no link of theirs is followed.
 *
 * @throws TsunicornError `PID_FILE` when a server runs under it, or it cannot be written; nothing was touched then.
 */
export function writePidFile(path: string, pid: number): PidFile {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(temporary, `${pid}\n`, { flag: 'wx', mode: 0o644 });
    putInPlace(temporary, path);
  } catch (cause) {
    if (cause instanceof TsunicornError) throw cause;
    throw cannotWrite(path, `${messageOf(cause)}. ${adviceFor(errnoOf(cause))}`, cause);
  } finally {
    // On a full disk it is there, and empty.
    removeIfThere(temporary);
  }
  return { remove: () => isFile(path) && readPid(path) === pid && removeIfThere(path) };
}

function putInPlace(temporary: string, path: string): void {
  for (let turn = 1; turn <= MOST_TURNS; turn += 1) {
    if (takeName(temporary, path)) return;
    // Only one at a time judges what is there and takes it away; and whoever is quicker then is judged anew.
    const isWritten = whileAlone(path, () => {
      const seen = lookAt(path);
      if (seen !== null) refuseUnlessStale(path, seen);
      if (seen !== null) unlinkSync(path);
      return takeName(temporary, path);
    });
    if (isWritten === true) return;
    if (isWritten === null) pause(TURN_MS);
  }
  throw cannotWrite(path, 'other servers write it at the same time. Give each its own "pidFile"');
}

/** link(2) fails when the name is taken: of two servers that start together only one wins. */
function takeName(temporary: string, path: string): boolean {
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Before there is anything to serve. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), 0, 0, ms);
}

function refuseUnlessStale(path: string, seen: { isFile(): boolean }): void {
  if (!seen.isFile()) {
    throw cannotWrite(path, 'something that is no regular file stands there. Move it away or change "pidFile"');
  }
  const owner = readPid(path);
  if (owner === null || !isRunningMaster(owner)) return;
  const advice = `Stop it (kill -TERM ${owner}), reload it (kill -HUP ${owner}), or give this server another "pidFile".`;
  throw new TsunicornError(
    'PID_FILE',
    `A server runs already: process ${owner}, as the pid file ${path} says. ${advice}`,
  );
}

function cannotWrite(path: string, why: string, cause?: unknown): TsunicornError {
  return new TsunicornError('PID_FILE', `Cannot write the pid file ${path}: ${why.replace(/\.$/, '')}.`, { cause });
}

function adviceFor(errno: string | undefined): string {
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return 'Make room there, or change "pidFile".';
  return 'Its directory must exist and be writable. Create it or change "pidFile".';
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

/**
 * A pid can belong to a stranger by now, to one too that only names us: an editor with our config file. Where /proc tells what a process is,
 * only one that Node runs and that is called like a master counts.
 */
export function isRunningMaster(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') return false;
  }
  try {
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
    return isNode(pid) && (commandLine.includes('tsunicorn') || /: master\0*$/.test(commandLine));
  } catch {
    return true;
  }
}

/** Of another user's process only root is told: then it may be. After an update of Node its file may be gone, with a word behind its name. */
function isNode(pid: number): boolean {
  try {
    return /node/i.test(basename(readlinkSync(`/proc/${pid}/exe`)));
  } catch {
    return true;
  }
}

/** A link to a file with our pid is not what we wrote. */
function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function removeIfThere(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}
