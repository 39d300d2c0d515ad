import { randomBytes } from 'node:crypto';
import { type BigIntStats, linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf } from '../errors.ts';

/** What stood at a path when somebody looked. */
export type Seen = Pick<BigIntStats, 'dev' | 'ino' | 'mtimeNs'>;

/**
 * What stands at a path, without following a link; `null`: nothing.
 *
 * @throws the system error where that cannot be known
 */
export function lookAt(path: string): BigIntStats | null {
  try {
    return lstatSync(path, { bigint: true });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** A number of an inode is given again when it is free, so its time counts too. What changes owner, mode or name leaves that as it is. */
export function isSame(one: Seen, other: Seen): boolean {
  return one.dev === other.dev && one.ino === other.ino && one.mtimeNs === other.mtimeNs;
}

/**
 * Removes a path if it is still what was seen there. It is moved aside first, in one step, looked at where nobody else looks for it, and
 * put back if it is another: for a moment that one is missing.
 *
 * @throws the system error, such as EACCES
 */
export function removeIfSame(path: string, seen: Seen): 'removed' | 'gone' | 'another' {
  const now = lookAt(path);
  if (now === null) return 'gone';
  if (!isSame(now, seen)) return 'another';
  // Whoever may write here can not guess the name.
  const aside = join(dirname(path), `.${randomBytes(8).toString('hex')}`);
  try {
    renameSync(path, aside);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 'gone';
    throw error;
  }
  const moved = lookAt(aside);
  if (moved !== null && isSame(moved, seen)) {
    unlinkSync(aside);
    return 'removed';
  }
  putBack(aside, path);
  return 'another';
}

/** link(2) replaces nothing: a third one may have taken the name by now. */
function putBack(aside: string, path: string): void {
  try {
    linkSync(aside, path);
  } catch (error) {
    // Not every file system has hard links.
    if (errnoOf(error) !== 'EEXIST') return renameSync(aside, path);
  }
  unlinkSync(aside);
}
