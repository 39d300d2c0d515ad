import { closeSync, openSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from '../errors.ts';
import { lookAt, removeIfSame } from './remove-same.ts';

/** What is done alone takes some microseconds: a lock of that age was left by a process that was killed in them. */
const LEFT_AFTER_MS = 10_000;

/**
 * Does something while no other of our processes does such a thing with that path; `null`: another one does just now. Of two servers that
 * judge what stands there and then replace it, the slower one would take away what the faster one has put there, and no system call
 * removes a file on a condition. The lock is a file beside it, which is there only meanwhile; `action` must not wait for anything.
 *
 * @throws what `action` throws, or the system error where no lock can be made
 */
export function whileAlone<T>(path: string, action: () => T): T | null {
  const lock = join(dirname(path), `.${basename(path)}.lock`);
  if (!takeLock(lock) && !(forgetOld(lock) && takeLock(lock))) return null;
  try {
    return action();
  } finally {
    unlinkSync(lock);
  }
}

function takeLock(lock: string): boolean {
  try {
    closeSync(openSync(lock, 'wx', 0o600));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function forgetOld(lock: string): boolean {
  const seen = lookAt(lock);
  if (seen === null) return true;
  return Date.now() - Number(seen.mtimeMs) > LEFT_AFTER_MS && removeIfSame(lock, seen) === 'removed';
}
