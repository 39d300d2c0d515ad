import { closeSync, openSync, readFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { errnoOf } from '../errors.ts';
import type { Acceptor } from '../listener/inherit.ts';

const LOOK_EVERY_MS = 1_000;
const LEAST_RESERVE = 8;
const LARGEST_RESERVE = 256;

export type Alarm =
  /** `highest` descriptor in use of `limit`. */
  { readonly why: 'descriptors'; readonly highest: number; readonly limit: number } | { readonly why: 'listenerLost' };

/** Notices once that a worker will soon be unable to accept, or already is. */
export interface DescriptorWatch {
  /** To be told the descriptor of each connection that was accepted: the kernel gives the lowest that is free. */
  accepted(fd: number): void;
  /** From now on the acceptors are looked at too. */
  watch(acceptors: readonly Pick<Acceptor, 'isSound'>[]): void;
}

/**
 * Watches over the descriptors of this process. When there are none left, libuv accepts and closes whatever waits (`uv__emfile_trick`),
 * and the queue is that of all workers: a worker has to stop accepting before that.
 *
 * @param raise is called once.
 */
export function watchDescriptors(
  raise: (alarm: Alarm) => void,
  system: { readonly limit: number | null; readonly everyMs: number; lowestFree(): number } = {
    ...{ limit: descriptorLimit(), everyMs: LOOK_EVERY_MS, lowestFree },
  },
): DescriptorWatch {
  const { limit } = system;
  const mark = limit === null ? Number.POSITIVE_INFINITY : highWaterMark(limit);
  let watched: readonly Pick<Acceptor, 'isSound'>[] | null = null;
  let isOver = false;

  const alarm = (what: Alarm) => {
    // Before that nobody could close them; it will be noticed again.
    if (isOver || watched === null) return;
    isOver = true;
    clearInterval(timer);
    raise(what);
  };
  const accepted = (fd: number) => {
    if (limit !== null && fd >= mark) alarm({ why: 'descriptors', highest: Math.min(fd, limit - 1), limit });
  };
  const timer = setInterval(() => {
    if (watched?.every((acceptor) => acceptor.isSound()) === false) return alarm({ why: 'listenerLost' });
    if (limit !== null) accepted(system.lowestFree());
  }, system.everyMs);
  timer.unref();
  return {
    accepted,
    watch(acceptors) {
      watched = acceptors;
    },
  };
}

/** From this descriptor on a worker accepts no more: the others are for the requests that it has, and for its farewell. */
export function highWaterMark(limit: number): number {
  return limit - Math.min(LARGEST_RESERVE, Math.max(LEAST_RESERVE, Math.floor(limit / 8)));
}

/** `RLIMIT_NOFILE` of this process (proc_pid_limits(5)), which Node raised to what is allowed; `null` where nobody says or there is none. */
export function descriptorLimit(): number | null {
  try {
    const [, limit] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    return limit === undefined ? null : Number(limit);
  } catch {
    return null;
  }
}

/** Infinite where there is none. */
function lowestFree(): number {
  try {
    const fd = openSync(devNull, 'r');
    closeSync(fd);
    return fd;
  } catch (error) {
    return errnoOf(error) === 'EMFILE' ? Number.POSITIVE_INFINITY : 0;
  }
}
