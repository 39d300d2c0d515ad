import { limitsOf } from '../config/limits.ts';
import { digest } from './digest.ts';
import { activeConfig, type Master } from './master.ts';
import { perform } from './perform.ts';
import { plan } from './plan.ts';
import { type Pool, step } from './pool.ts';

/** The loop looks around at least this often, so that it notices when it stood still. */
const LONGEST_WAIT_MS = 1_000;
/** A turn that took this much longer than it may: the master was stopped or suspended. */
const STOOD_STILL_MS = 1_500;

/**
 * Plan, perform, wait, step: the whole life of the server, until it was stopped or no worker ever came up.
 *
 * @returns how it ended.
 */
export async function runArbiter(master: Master, start: Pool): Promise<{ how: 'stopped' | 'gaveUp'; pool: Pool }> {
  let pool = start;
  for (;;) {
    const nowMs = master.system.nowMs();
    if (master.fatal !== null && pool.stop.mode === 'none') {
      pool = step(pool, { type: 'stopRequested', mode: 'quick' }, nowMs);
    }
    const noticeInMs = master.notifier.look(pool, nowMs);
    const { actions, wakeInMs } = plan(pool, limitsOf(activeConfig(master, pool).config), nowMs);
    for (const action of actions) {
      if (action.type === 'exit') return { how: 'stopped', pool };
      if (action.type === 'giveUp') return { how: 'gaveUp', pool };
      pool = step(pool, action, nowMs);
      await perform(master, pool, action);
    }
    const reports = await master.inbox.take(Math.min(LONGEST_WAIT_MS, noticeInMs, wakeInMs ?? LONGEST_WAIT_MS));
    pool = forgiveStandstill(master, pool, nowMs);
    for (const report of reports) pool = digest(master, pool, report);
  }
}

/** Before the news is digested: what was due within a turn that took too long is put off by that turn, and no heartbeat gets ahead of now. */
function forgiveStandstill(master: Master, pool: Pool, turnBeganMs: number): Pool {
  const nowMs = master.system.nowMs();
  const turnMs = nowMs - turnBeganMs;
  const lateMs = turnMs - LONGEST_WAIT_MS;
  if (lateMs <= STOOD_STILL_MS) return pool;
  master.log.event('system.clockJump', { lateMs: Math.round(lateMs) });
  return step(pool, { type: 'stoodStill', forMs: turnMs }, nowMs);
}
