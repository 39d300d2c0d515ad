import { closeSync, constants, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf, messageOf, TsunicornError } from '../errors.ts';
import { isRoot, isRootsLink } from '../os/trust.ts';

/**
 * O_APPEND makes each write land at the file's end, whoever else writes. O_NONBLOCK does nothing to a file; on a FIFO it turns a wait
 * for a reader, which would stop the master, into an error (open(2), fifo(7)).
 */
const appendFlags =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Opens a log file for append, created with mode 0640. The caller owns the descriptor.
 *
 * @throws TsunicornError `LOG_FILE`
 */
export function openAppend(path: string, setting: 'errorLog' | 'accessLog'): number {
  try {
    return openSync(path, appendFlags | linkFlags(path), 0o640);
  } catch (thrown) {
    const { why, repair } = explain(thrown, path);
    const message = `Cannot open the log file ${path}: ${why}. ${repair} or change "${setting}".`;
    throw new TsunicornError('LOG_FILE', message, { cause: thrown });
  }
}

/**
 * Root follows a symbolic link only where nobody else could have put it there: else whoever may write to the directory of the log lets root
 * write to any file of the machine.
 */
function linkFlags(path: string): number {
  return isRoot() && !isRootsLink(path) ? constants.O_NOFOLLOW : 0;
}

/** Closes a log file. Standard output and standard error belong to the process and stay open. */
export function closeAppend(fd: number): void {
  if (fd <= 2) return;
  try {
    closeSync(fd);
  } catch {
    // Linux frees the descriptor even when close(2) fails, and there is nobody left to tell.
  }
}

function explain(thrown: unknown, path: string): { why: string; repair: string } {
  switch (errnoOf(thrown)) {
    case 'ENOENT':
      return { why: 'its directory does not exist', repair: `Create the directory (mkdir -p ${dirname(path)})` };
    case 'EACCES':
    case 'EPERM':
      return { why: 'this user may not write there', repair: 'Give the user write permission' };
    case 'EISDIR':
      return { why: 'it is a directory', repair: 'Name a file in it' };
    case 'ENOTDIR':
      return { why: 'a part of its path is a file', repair: 'Correct the path' };
    case 'EROFS':
      return { why: 'the file system is read-only', repair: 'Mount it for writing' };
    case 'ELOOP':
      return {
        why: 'it is a symbolic link that others than root can put there, and root does not follow it',
        repair: 'Name the file itself',
      };
    case 'ENXIO':
      return { why: 'it is a pipe that nobody reads, or a socket', repair: 'Start its reader' };
    default:
      return { why: messageOf(thrown), repair: 'Remove the cause' };
  }
}
