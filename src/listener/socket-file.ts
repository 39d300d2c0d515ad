import { lstatSync, unlinkSync } from 'node:fs';

/** The file of a unix socket, by what tells it from another one that was put in its place. Decimal: an inode may exceed 2 ** 53. */
export interface SocketFile {
  readonly path: string;
  readonly device: string;
  readonly inode: string;
}

/** `null`: no socket is there. */
export function noteSocketFile(path: string): SocketFile | null {
  try {
    const stats = lstatSync(path, { bigint: true });
    return stats.isSocket() ? { path, device: String(stats.dev), inode: String(stats.ino) } : null;
  } catch {
    return null;
  }
}

/**
 * Removes the file if it is still the one that was noted: as long as a socket is open, the kernel gives the inode of its file to no other.
 * Returns `false` where something else stands there, or nothing.
 */
export function removeSocketFile(file: SocketFile): boolean {
  const there = noteSocketFile(file.path);
  if (there?.device !== file.device || there.inode !== file.inode) return false;
  try {
    unlinkSync(file.path);
    return true;
  } catch {
    return false;
  }
}
