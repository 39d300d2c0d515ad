import { lstatSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';

const GROUP_MAY_WRITE = 0o020;
const ALL_MAY_WRITE = 0o002;
const STICKY = 0o1000;

/** Who but root can change something: who owns it, its group, or everybody. */
export type Stranger = 'owner' | 'group' | 'everybody';

/**
 * Who but root can change a file, or put another one into a directory in place of root's; `null`: nobody. Group 0 counts as root. In a sticky
 * directory everybody may make files, but replace only their own (inode(7)).
 */
export function strangerTo(
  { uid, gid, mode }: Pick<Stats, 'uid' | 'gid' | 'mode'>,
  kind: 'file' | 'directory',
): Stranger | null {
  if (uid !== 0) return 'owner';
  if (kind === 'directory' && (mode & STICKY) !== 0) return null;
  if ((mode & ALL_MAY_WRITE) !== 0) return 'everybody';
  return (mode & GROUP_MAY_WRITE) !== 0 && gid !== 0 ? 'group' : null;
}

/** Whether a symbolic link is root's, in a directory where nobody else can put another one in its place. */
export function isRootsLink(path: string): boolean {
  try {
    const link = lstatSync(path);
    return link.isSymbolicLink() && link.uid === 0 && strangerTo(statSync(dirname(path)), 'directory') === null;
  } catch {
    return false;
  }
}

/** Whether this process is root, who is believed by everybody and so must look whom it believes. */
export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}
