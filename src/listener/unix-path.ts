import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fstatSync,
  lchownSync,
  lstatSync,
  openSync,
  readFileSync,
  realpathSync,
  unlinkSync,
} from 'node:fs';
import * as net from 'node:net';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errnoOf, messageOf, TsunicornError } from '../errors.ts';
import { whileAlone } from '../os/alone.ts';
import { isSame, lookAt } from '../os/remove-same.ts';

/** Whom a unix socket belongs to. */
export interface SocketOwner {
  readonly uid: number;
  readonly gid: number;
}

/** How often another server may be at it, and how long it is waited for each time. */
const MOST_TURNS = 5;
const TURN_MS = 20;

/**
 * Makes way for a socket at that path. One that nobody answers on is left over from a server that was killed, and is removed; anything else
 * is somebody's. `'taken'`: a server holds it, or has just taken it in the place of the one that was left over.
 *
 * @throws TsunicornError `BIND_FAILED`; nothing was touched then
 */
export async function clearPath(path: string): Promise<'free' | 'stale' | 'taken'> {
  try {
    for (let turn = 1; turn <= MOST_TURNS; turn += 1) {
      const way = await clearOnce(path);
      if (way !== null) return way;
      await delay(TURN_MS);
    }
    return 'taken';
  } catch (error) {
    if (error instanceof TsunicornError) throw error;
    throw refused(path, `${messageOf(error)}. Change "bind"`, error);
  }
}

/** `null`: another server replaces it just now. */
async function clearOnce(path: string): Promise<'free' | 'stale' | 'taken' | null> {
  const seen = lookAt(path);
  if (seen === null) return 'free';
  if (!seen.isSocket()) throw refused(path, 'a file that is no socket stands there. Move it away or change "bind"');
  const answer = await connectOnce(path);
  // EAGAIN: somebody listens, and the queue is full.
  if (answer === null || answer === 'EAGAIN') return 'taken';
  if (answer === 'ENOENT') return 'free';
  if (answer !== 'ECONNREFUSED') {
    throw refused(path, `the socket there cannot be probed (${answer}). Remove it if no server uses it`);
  }
  if (isBoundElsewhere(path)) return 'taken';
  return whileAlone(path, () => {
    const now = lookAt(path);
    if (now === null) return 'free';
    // What stands there since we looked is another server's, whose first worker is not ready.
    if (!isSame(now, seen)) return 'taken';
    unlinkSync(path);
    return 'stale';
  });
}

/**
 * Gives the socket that was just made there, with no permissions, to its owner, and then its permissions: so nobody could connect who may
 * not. It is held by a descriptor meanwhile: by its path root would give away whatever was put there in between.
 *
 * @throws the system error
 */
export function giveSocket(path: string, { owner, mode }: { owner: SocketOwner; mode: number }): void {
  if (process.platform !== 'linux') {
    lchownSync(path, owner.uid, owner.gid);
    if (lstatSync(path).isSocket()) chmodSync(path, mode);
    return;
  }
  const fd = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    const { nlink } = fstatSync(fd);
    if (!fstatSync(fd).isSocket() || nlink !== 1) throw new Error('something else was put there meanwhile');
    // What fchown(2) refuses to such a descriptor, its name in /proc allows (open(2), "O_PATH").
    chownSync(`/proc/self/fd/${fd}`, owner.uid, owner.gid);
    chmodSync(`/proc/self/fd/${fd}`, mode);
  } finally {
    closeSync(fd);
  }
}

/** Of open(2) on Linux, the same on all architectures that Node runs on; Node does not name it. */
const O_PATH = 0o10000000;

/** `null` when somebody accepted, else the errno. */
function connectOnce(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = net.connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(null);
    });
    socket.once('error', (error) => resolve(errnoOf(error) ?? error.message));
  });
}

const UNCONNECTED = '01';
const LISTENS = 0x10000;

/**
 * Whether a process has a socket at that path that does not listen yet: a server that has bound it, and whose first worker is not ready.
 * To connect fails as with one that was left over. Linux tells it in /proc/net/unix (proc_net(5)), of the same network namespace.
 */
function isBoundElsewhere(path: string): boolean {
  let table: string;
  try {
    table = readFileSync('/proc/net/unix', 'latin1');
  } catch {
    return false;
  }
  const wanted = placeOf(path);
  return table.split('\n').some((line) => {
    const [, flags = '', state, name = ''] = /^\S+ \S+ \S+ (\S+) \S+ (\S+) +\d+ (.+)$/.exec(line) ?? [];
    if (state !== UNCONNECTED || (Number.parseInt(flags, 16) & LISTENS) !== 0) return false;
    const listed = Buffer.from(name, 'latin1').toString();
    return basename(listed) === basename(path) && placeOf(listed) === wanted;
  });
}

/** The path, whatever links lead to its directory. */
function placeOf(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return path;
  }
}

function refused(path: string, why: string, cause?: unknown): TsunicornError {
  return new TsunicornError('BIND_FAILED', `Cannot listen on unix:${path}: ${why}.`, { cause });
}
