import { limitsOf } from '../config/limits.ts';
import { unreachable } from '../errors.ts';
import type { WorkerMessage } from '../ipc/messages.ts';
import { usableCpus } from '../os/cpus.ts';
import { type BootFailure, channelClosed } from './boot-failure.ts';
import { isCrashLoop } from './failures.ts';
import { forgetUnneeded } from './generations.ts';
import type { Report } from './inbox.ts';
import { handOverLogs } from './log-files.ts';
import { activeConfig, activeServerInfo, identify, type Master, workerInfo } from './master.ts';
import { mostWorkers } from './most-workers.ts';
import { noteExit, reasonOf } from './note-exit.ts';
import { isCrowded } from './plan.ts';
import { type Pool, type PoolEvent, step } from './pool.ts';
import { digestRecycle } from './recycle.ts';
import { faultsOf } from './reload.ts';
import { requestRest } from './rest.ts';
import type { MasterSignal } from './signals.ts';
import { digestOldMasterLeft, digestUpgrade, requestUpgrade } from './upgrade.ts';
import { reloadRefusal } from './upgrade-state.ts';
import { admitQuiet, giveUpUpgrade } from './upgrade-trial.ts';

/** The pool after something happened. Whatever is worth a line in the log, or a hook, gets it here. */
export function digest(master: Master, pool: Pool, report: Report): Pool {
  switch (report.type) {
    case 'signal':
      return digestSignal(master, pool, report.name);
    case 'workerMessage':
      return digestMessage(master, pool, report);
    case 'workerUnreachable':
      return giveUpOn(master, pool, report.workerId);
    case 'workerExited':
      return digestExit(master, pool, report);
    case 'configLoaded':
      return digestConfig(master, pool, report);
    case 'configRefused':
      return refuseReload(master, pool, report.faults);
    case 'fileChanged':
      master.log.event('watch.changed', { path: report.path });
      return requestReload(master, pool);
    case 'upgrade':
      return digestUpgrade(master, pool, report.news);
    case 'settled':
      master.oldMaster.tellReady();
      admitQuiet(master, pool);
      return pool;
    case 'oldMasterLeft':
      digestOldMasterLeft(master, pool, report.pid);
      admitQuiet(master, pool);
      return pool;
    default:
      return unreachable(report);
  }
}

function digestSignal(master: Master, pool: Pool, name: MasterSignal): Pool {
  const { log } = master;
  // A terminal sends it for every change of its size: not worth a line each.
  if (name === 'SIGWINCH') return requestRest(master, pool);
  log.event('signal.received', { signal: name });
  switch (name) {
    case 'SIGHUP':
      return requestReload(master, pool);
    case 'SIGTTIN':
      return addWorker(master, pool);
    case 'SIGTTOU':
      return changeTarget(master, pool, { type: 'targetChanged', by: -1 });
    case 'SIGTERM':
      return requestStop(master, pool, { signal: name, mode: 'stop' });
    case 'SIGINT':
    case 'SIGQUIT':
      return requestStop(master, pool, { signal: name, mode: 'quick' });
    case 'SIGUSR1':
      log.reopen();
      handOverLogs(activeConfig(master, pool));
      master.crew.sendToAll({ type: 'reopenLogs' });
      return pool;
    case 'SIGUSR2':
      requestUpgrade(master, pool);
      return pool;
    default:
      return unreachable(name);
  }
}

function requestReload(master: Master, pool: Pool): Pool {
  if (pool.stop.mode !== 'none') {
    master.log.event('reload.ignored');
    return pool;
  }
  const reason = reloadRefusal(master.newMaster.upgrade);
  if (reason !== null) {
    if (pool.resting) return apply(master, pool, { type: 'woken' });
    master.log.event('reload.refused', { reason });
    return pool;
  }
  if (pool.reload.phase !== 'idle') master.log.event('reload.queued');
  else if (isCrowded(pool)) master.log.event('reload.waiting');
  return apply(master, pool, { type: 'reloadRequested' });
}

function addWorker(master: Master, pool: Pool): Pool {
  const { config } = activeConfig(master, pool);
  if (pool.target < mostWorkers(config.workers, usableCpus())) {
    return changeTarget(master, pool, { type: 'targetChanged', by: 1 });
  }
  master.log.event('workers.enough', { workers: pool.target });
  return pool;
}

/** The master's copies of the sockets go first, so that whichever worker leaves last really closes them. */
function requestStop(master: Master, pool: Pool, { signal, mode }: { signal: string; mode: 'stop' | 'quick' }): Pool {
  const { log } = master;
  const next = apply(master, pool, { type: 'stopRequested', mode });
  if (pool.stop.mode === 'none') log.event('server.stopping', { signal, mode });
  else if (next.stop !== pool.stop) log.event('server.stopHurried', { signal });
  const { upgrade } = master.newMaster;
  // The new one goes on, ready or not, and is the one to ask for from now on.
  const goesOn = upgrade.phase === 'starting' || upgrade.phase === 'running';
  if (pool.stop.mode === 'none' && goesOn) master.notifier.handOver(upgrade.pid);
  master.sockets.closeAll();
  return next;
}

function changeTarget(master: Master, pool: Pool, event: PoolEvent): Pool {
  const next = apply(master, pool, event);
  if (next.target === pool.target) return next;
  master.log.event('workers.changed', { workers: next.target, before: pool.target });
  const { nworkersChanged } = activeConfig(master, next).hooks;
  const server = activeServerInfo(master, next);
  master.hooks.notify('nworkersChanged', () => nworkersChanged?.(server, next.target, pool.target));
  return next;
}

function digestConfig(master: Master, pool: Pool, { loaded }: Extract<Report, { type: 'configLoaded' }>): Pool {
  if (pool.stop.mode !== 'none') return apply(master, pool, { type: 'reloadRefused' });
  try {
    master.log.reconfigure(loaded.config);
  } catch (error) {
    return refuseReload(master, pool, faultsOf(error));
  }
  master.configs.set(pool.lastGeneration + 1, loaded);
  return changeTarget(master, pool, { type: 'reloadLoaded', target: loaded.config.workers });
}

function refuseReload(master: Master, pool: Pool, faults: readonly string[]): Pool {
  const next = apply(master, pool, { type: 'reloadRefused' });
  // Nobody waits for it any more, and what it failed on may well be the stop itself.
  if (pool.stop.mode !== 'none') return next;
  forgetUnneeded(master, next);
  master.log.event('reload.failed', { faults });
  const { onReloadFailed } = activeConfig(master, pool).hooks;
  master.hooks.notify('onReloadFailed', () => onReloadFailed?.(activeServerInfo(master, pool), faults));
  return next;
}

function digestMessage(master: Master, pool: Pool, report: Extract<Report, { type: 'workerMessage' }>): Pool {
  const { workerId, message } = report;
  if (message === null) {
    if (!master.babblers.has(workerId)) master.log.event('message.invalid', identify(master, report));
    master.babblers.add(workerId);
    return pool;
  }
  noteMessage(master, pool, { workerId, message });
  switch (message.type) {
    case 'ready': {
      const next = apply(master, pool, { type: 'ready', workerId });
      if (!master.oldMaster.waits()) admitQuiet(master, next);
      return next;
    }
    case 'heartbeat':
      master.evidence.delete(workerId);
      return apply(master, pool, { type: 'heartbeat', workerId });
    case 'evidence':
      master.evidence.set(workerId, { said: message, atMs: master.system.nowMs() });
      return pool;
    case 'recycle':
      return digestRecycle(master, pool, { workerId, message });
    case 'leaving':
      return letLeave(master, pool, workerId);
    case 'refusing':
      master.refusing.add(workerId);
      tellThatAllRefuse(master, pool);
      return pool;
    case 'bootFailed':
    case 'bootOutput':
      return pool;
    default:
      return unreachable(message);
  }
}

/** A worker that was signalled by somebody drains without being told to: its successor need not wait for its end. */
function letLeave(master: Master, pool: Pool, workerId: number): Pool {
  const phase = pool.workers.find(({ id }) => id === workerId)?.state.phase;
  if (phase !== 'booting' && phase !== 'ready') return pool;
  const { gracefulTimeoutMs } = limitsOf(activeConfig(master, pool).config);
  master.log.event('worker.draining', { ...identify(master, { workerId }), mode: 'stop', why: 'signal' });
  const killAtMs = master.system.nowMs() + gracefulTimeoutMs;
  return apply(master, pool, { type: 'drain', workerId, mode: 'stop', killAtMs });
}

/** Its application closed the channel. It drains by itself, as it would without a master, if nobody keeps it from that; so it gets the time. */
function giveUpOn(master: Master, pool: Pool, workerId: number): Pool {
  const phase = pool.workers.find(({ id }) => id === workerId)?.state.phase;
  if (phase !== 'booting' && phase !== 'ready') return pool;
  const { gracefulTimeoutMs } = limitsOf(activeConfig(master, pool).config);
  const graceMs = phase === 'ready' ? gracefulTimeoutMs : 0;
  if (phase === 'booting') master.lastBootFailure = channelClosed;
  master.log.event('worker.unreachable', { ...identify(master, { workerId }), graceMs });
  return apply(master, pool, { type: 'unreachable', workerId, killAtMs: master.system.nowMs() + graceMs });
}

/** A worker that leaves alone need not wait: its siblings serve on. At a stop, all wait for the last to close its socket. */
function tellThatAllRefuse(master: Master, pool: Pool): void {
  const accepting = pool.workers.some(
    ({ id, state }) => state.phase === 'draining' && state.mode === 'stop' && !master.refusing.has(id),
  );
  if (accepting) return;
  for (const workerId of master.refusing) master.crew.send(workerId, { type: 'allRefuse' });
}

function noteMessage(master: Master, pool: Pool, report: { workerId: number; message: WorkerMessage }): void {
  const { workerId, message } = report;
  const worker = pool.workers.find(({ id }) => id === workerId);
  if (worker === undefined) return;
  const who = identify(master, report);
  const isLooping = isCrashLoop(pool, master.system.nowMs());
  if (message.type === 'ready' && worker.state.phase === 'booting') {
    const tell = () => master.log.event('worker.ready', { ...who, generation: worker.generation });
    if (isLooping) master.loopLog.ready(workerId, tell);
    else tell();
    const { workerReady } = activeConfig(master, pool).hooks;
    const info = workerInfo(master, worker);
    master.hooks.notify('workerReady', () => workerReady?.(activeServerInfo(master, pool), info));
  } else if (message.type === 'bootOutput') {
    master.bootOutputs.set(workerId, message.output);
  } else if (message.type === 'bootFailed') {
    const { code, text, output } = message;
    const failure: BootFailure = output === '' ? { code, text } : { code, text, output };
    master.lastBootFailure = failure;
    master.bootFailures.set(workerId, failure);
    if (!isLooping) master.log.event('worker.bootFailed', { ...who, code, ...reasonOf(failure) });
  }
}

function digestExit(master: Master, pool: Pool, report: Extract<Report, { type: 'workerExited' }>): Pool {
  const { workerId, workerPid } = report;
  const worker = pool.workers.find(({ id }) => id === workerId);
  if (worker === undefined) return pool;
  const next = apply(master, pool, { type: 'exited', workerId });
  noteExit(master, { pool, next }, report);
  master.bootFailures.delete(workerId);
  master.bootOutputs.delete(workerId);
  master.babblers.delete(workerId);
  giveUpUpgrade(master, worker, report);
  master.evidence.delete(workerId);
  master.loopLog.gone(workerId);
  const { childExit } = activeConfig(master, pool).hooks;
  const info = workerInfo(master, worker, workerPid);
  master.hooks.notify('childExit', () => childExit?.(activeServerInfo(master, pool), info));
  forgetUnneeded(master, next);
  master.refusing.delete(workerId);
  master.quiet.delete(workerId);
  tellThatAllRefuse(master, next);
  return next;
}

function apply(master: Master, pool: Pool, event: PoolEvent): Pool {
  const next = step(pool, event, master.system.nowMs());
  if (pool.resting && !next.resting) master.log.event('workers.woken', { workers: next.target });
  return next;
}
