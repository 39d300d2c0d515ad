import { limitsOf } from '../config/limits.ts';
import { unreachable } from '../errors.ts';
import { LONGEST_OUTPUT, type WorkerMessage } from '../ipc/messages.ts';
import { usableCpus } from '../os/cpus.ts';
import { channelClosed, endedEarly, endedSoon, hintAt, notStarted } from './boot-failure.ts';
import { forgetUnneeded } from './generations.ts';
import type { Report } from './inbox.ts';
import { activeConfig, activeServerInfo, identify, type Master, outputOf, workerInfo } from './master.ts';
import { mostWorkers } from './most-workers.ts';
import { isCrowded } from './plan.ts';
import { isCanary, type Pool, type PoolEvent, step } from './pool.ts';
import { faultsOf } from './reload.ts';
import type { MasterSignal } from './signals.ts';

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
    default:
      return unreachable(report);
  }
}

function digestSignal(master: Master, pool: Pool, name: MasterSignal): Pool {
  const { log } = master;
  if (name === 'SIGUSR2' || name === 'SIGWINCH') {
    // A terminal sends WINCH for every resize: not worth a line.
    if (name === 'SIGUSR2') log.event('signal.ignored', { signal: name });
    return pool;
  }
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
      master.crew.sendToAll({ type: 'reopenLogs' });
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
    case 'ready':
    case 'heartbeat':
      return apply(master, pool, { type: message.type, workerId });
    case 'recycle':
      return apply(master, pool, { type: 'recycleRequested', workerId });
    case 'leaving':
      return letLeave(master, pool, workerId);
    case 'refusing':
      master.refusing.add(workerId);
      tellThatAllRefuse(master, pool);
      return pool;
    case 'output':
    case 'bootFailed':
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
  if (message.type === 'ready' && worker.state.phase === 'booting') {
    master.bootOutput.delete(workerId);
    master.log.event('worker.ready', { ...who, generation: worker.generation });
    const { workerReady } = activeConfig(master, pool).hooks;
    const info = workerInfo(master, worker);
    master.hooks.notify('workerReady', () => workerReady?.(activeServerInfo(master, pool), info));
  } else if (message.type === 'recycle' && !worker.recycling) {
    master.log.event('worker.recycling', { ...who, why: message.why });
  } else if (message.type === 'output' && worker.state.phase === 'booting') {
    master.bootOutput.set(workerId, `${master.bootOutput.get(workerId) ?? ''}${message.text}`.slice(-LONGEST_OUTPUT));
  } else if (message.type === 'bootFailed') {
    master.lastBootFailure = { code: message.code, text: message.text };
    master.bootFailures.set(workerId, master.lastBootFailure);
    master.log.event('worker.bootFailed', {
      ...who,
      code: message.code,
      reason: message.text,
      ...outputOf(master, workerId),
    });
  }
}

function digestExit(master: Master, pool: Pool, report: Extract<Report, { type: 'workerExited' }>): Pool {
  const { workerId, workerPid, code, signal, error } = report;
  const worker = pool.workers.find(({ id }) => id === workerId);
  if (worker === undefined) return pool;
  const facts = { workerId, workerPid, code, signal };
  const told = master.bootFailures.delete(workerId);
  master.babblers.delete(workerId);
  const output = outputOf(master, workerId);
  master.bootOutput.delete(workerId);
  if (error !== undefined) {
    master.log.event('worker.spawnFailed', { workerId, error });
    master.lastBootFailure = notStarted(error);
  } else if (worker.state.phase === 'booting' && !told) {
    master.lastBootFailure = endedEarly({ code, signal });
    master.log.event('worker.bootFailed', { ...facts, reason: master.lastBootFailure.text, ...output });
  } else {
    const isReady = worker.state.phase === 'ready';
    if (isReady && isCanary(pool, worker)) master.lastBootFailure = endedSoon(facts);
    if (isReady) master.log.event('worker.crashed', { ...facts, ...hintAt(facts) });
    else master.log.event('worker.exited', facts);
  }
  const { childExit } = activeConfig(master, pool).hooks;
  const info = workerInfo(master, worker, workerPid);
  master.hooks.notify('childExit', () => childExit?.(activeServerInfo(master, pool), info));
  const next = apply(master, pool, { type: 'exited', workerId });
  forgetUnneeded(master, next);
  master.refusing.delete(workerId);
  tellThatAllRefuse(master, next);
  return next;
}

/** Feeds the pool, and tells when failures begin to slow it down. */
function apply(master: Master, pool: Pool, event: PoolEvent): Pool {
  const nowMs = master.system.nowMs();
  const next = step(pool, event, nowMs);
  const delayMs = next.backoff.retryAtMs - nowMs;
  if (next.backoff.failures > pool.backoff.failures && delayMs > 0 && next.everReady) {
    master.log.event('worker.backoff', { failures: next.backoff.failures, delayMs: Math.round(delayMs) });
  }
  return next;
}
