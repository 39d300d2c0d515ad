import { setTimeout as delay } from 'node:timers/promises';
import { errnoOf } from '../../../errors.ts';
import { processState } from './process-state.ts';

const GONE_WITHIN_MS = 2_000;
const LOOK_EVERY_MS = 10;

/**
 * Ends the Python processes of a zygote that is gone, with all that they started, and waits until they are. On Linux the kernel has ended
 * them by then (PR_SET_PDEATHSIG); what the application forked it has not. Only to be called at once: later the pids may be of others.
 */
export async function killOrphans(pids: readonly number[]): Promise<void> {
  for (const pid of pids) {
    // Its own process group; the process itself, where it was not made yet.
    if (!signal(-pid, 'SIGKILL')) signal(pid, 'SIGKILL');
  }
  const giveUpAtMs = performance.now() + GONE_WITHIN_MS;
  while (pids.some((pid) => signal(pid, 0) && !isZombie(pid)) && performance.now() < giveUpAtMs)
    await delay(LOOK_EVERY_MS);
}

/** Whether there is such a process. */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

/** Dead, but not reaped by whoever inherited it: a container may have nobody for that. */
function isZombie(pid: number): boolean {
  return processState(pid) === 'Z';
}
