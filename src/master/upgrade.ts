import { limitsOf } from '../config/limits.ts';
import { messageOf, unreachable } from '../errors.ts';
import { activeConfig, activeServerInfo, type Master } from './master.ts';
import type { UpgradeNews } from './new-master.ts';
import { removeOldbin } from './pid-name.ts';
import { type Pool, step } from './pool.ts';
import { upgradeRefusal } from './upgrade-state.ts';

/** Beside `bootTimeout`, which is the workers', for all that a master does before it has workers. */
const START_MS = 5_000;
/** For a new master that was not ready in time to leave by itself. Its workers leave when it is gone. */
const END_WITHIN_MS = 2_000;

/** Answers USR2. */
export function requestUpgrade(master: Master, pool: Pool): void {
  const { newMaster, oldMaster, inbox } = master;
  const reason = upgradeRefusal({ upgrade: newMaster.upgrade, pool, oldMasterPid: oldMaster.pid });
  if (reason !== null) return master.log.event('upgrade.refused', { reason });
  newMaster.step({ type: 'requested' });
  const { preExec } = activeConfig(master, pool).hooks;
  void master.hooks
    .run('preExec', () => preExec?.(activeServerInfo(master, pool)))
    .then(() => inbox.push({ type: 'upgrade', news: { type: 'prepared' } }));
}

/** The pool after something became of an upgrade. */
export function digestUpgrade(master: Master, pool: Pool, news: UpgradeNews): Pool {
  const { newMaster, log } = master;
  const before = newMaster.upgrade;
  const newMasterPid = 'pid' in before ? before.pid : 0;
  switch (news.type) {
    case 'prepared':
      startNewMaster(master, pool);
      return pool;
    case 'ready':
      newMaster.step({ type: 'ready' });
      if (newMaster.upgrade.phase === 'running') log.event('upgrade.ready', { newMasterPid });
      return pool;
    case 'overdue':
      if (before.phase !== 'starting') return pool;
      newMaster.step({ type: 'overdue' });
      log.event('upgrade.timeout', { newMasterPid, readyWithinMs: readyWithinMs(master, pool) });
      newMaster.end('SIGTERM');
      setTimeout(() => newMaster.end('SIGKILL'), END_WITHIN_MS).unref();
      return pool;
    case 'exited':
      return endUpgrade(master, pool, { newMasterPid, ...news });
    default:
      return unreachable(news);
  }
}

/** In the new master: it is alone from now on. */
export function digestOldMasterLeft(master: Master, pool: Pool, oldMasterPid: number): void {
  const { pidFile } = activeConfig(master, pool).config;
  // Of one that was killed. One that left in order has removed it.
  if (pidFile !== null) removeOldbin(pidFile, oldMasterPid);
  master.sockets.removeLeft();
  master.notifier.takeOver();
  master.log.event('upgrade.finished', { oldMasterPid });
}

function startNewMaster(master: Master, pool: Pool): void {
  const { newMaster, log, sockets, pidName } = master;
  try {
    // A stop wins, also over an upgrade that has only just begun.
    if (pool.stop.mode !== 'none') throw new Error('the server is stopping');
    const fault = master.startFault();
    if (fault !== null) throw new Error(fault);
    pidName?.putAside();
  } catch (error) {
    newMaster.step({ type: 'over' });
    return log.event('upgrade.refused', { reason: messageOf(error) });
  }
  const { passedSockets = [] } = master.request;
  const env = master.notifier.environment;
  newMaster.start(sockets, { readyWithinMs: readyWithinMs(master, pool), passedSockets, env });
  const { upgrade } = newMaster;
  log.event('upgrade.started', { newMasterPid: 'pid' in upgrade ? upgrade.pid : 0 });
}

function endUpgrade(
  master: Master,
  pool: Pool,
  end: Extract<UpgradeNews, { type: 'exited' }> & { readonly newMasterPid: number },
): Pool {
  const { newMaster, log, pidName } = master;
  const { newMasterPid, code, signal, error } = end;
  const wasReady = newMaster.upgrade.phase === 'running';
  newMaster.step({ type: 'over' });
  if (pidName?.putBack(newMasterPid) === false) log.event('pidFile.lost', { path: pidName.path });
  if (wasReady) log.event('upgrade.ended', { newMasterPid, code, signal });
  else log.event('upgrade.failed', { newMasterPid, code, signal, ...(error === undefined ? {} : { error }) });
  if (!pool.resting || pool.stop.mode !== 'none') return pool;
  // Its workers were sent away for the new master's sake: nobody else is left to serve.
  log.event('workers.woken', { workers: pool.target });
  return step(pool, { type: 'woken' }, master.system.nowMs());
}

function readyWithinMs(master: Master, pool: Pool): number {
  const { bootTimeoutMs, settleMs } = limitsOf(activeConfig(master, pool).config);
  return bootTimeoutMs + settleMs + START_MS;
}
