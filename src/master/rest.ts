import { isatty } from 'node:tty';
import type { Master } from './master.ts';
import { type Pool, step } from './pool.ts';
import { restRefusal } from './upgrade-state.ts';

const STANDARD_STREAMS = [0, 1, 2];
const ADVICE =
  'To let the workers leave by WINCH, run the server without a terminal: its input, output and log redirected, or by a service manager.';

/**
 * Answers WINCH: all workers drain and leave, and the sockets stay. A terminal sends the same signal to everything in its foreground
 * whenever its window changes its size, which no server may stop for: so on a terminal it is not obeyed, and that is told once.
 */
export function requestRest(master: Master, pool: Pool): Pool {
  const { log } = master;
  if (STANDARD_STREAMS.some((fd) => isatty(fd))) {
    if (!master.toldOfTerminal) log.event('signal.ignored', { signal: 'SIGWINCH', advice: ADVICE });
    master.toldOfTerminal = true;
    return pool;
  }
  log.event('signal.received', { signal: 'SIGWINCH' });
  const reason = restRefusal(pool);
  if (reason !== null) {
    log.event('workers.restRefused', { reason });
    return pool;
  }
  if (!pool.resting) log.event('workers.resting', { workers: pool.target });
  return step(pool, { type: 'restRequested' }, master.system.nowMs());
}
