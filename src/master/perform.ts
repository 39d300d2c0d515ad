import { limitsOf } from '../config/limits.ts';
import { TsunicornError, unreachable } from '../errors.ts';
import { notReadyInTime, silentSoon } from './boot-failure.ts';
import { tryConfigFile } from './config-trial.ts';
import { announceAddresses, forgetUnneeded, removedFrom } from './generations.ts';
import { runGate } from './hook-runner.ts';
import { activeConfig, activeServerInfo, identify, type Master, outputOf, workerInfo } from './master.ts';
import { type Action, isCanary, type Pool } from './pool.ts';
import { faultsOf, reloadConfig } from './reload.ts';
import { bindAddresses } from './vet.ts';

/** Does what the plan asks for. `pool` is the pool after the action. */
export async function perform(master: Master, pool: Pool, action: Action): Promise<void> {
  const { log } = master;
  switch (action.type) {
    case 'spawn':
      return await spawnWorker(master, pool, action);
    case 'drain':
      return drainWorker(master, pool, action);
    case 'abort':
      return abortWorker(master, pool, action);
    case 'kill':
      return killWorker(master, pool, action);
    case 'loadConfig':
      return startLoading(master, pool);
    case 'announceReady':
      log.event('server.ready', { workers: pool.target });
      return master.hooks.notify('whenReady', () => hooksOf(master, pool).whenReady?.(activeServerInfo(master, pool)));
    case 'trust':
      return announceAddresses(master, pool);
    case 'finishReload':
      forgetUnneeded(master, pool);
      return log.event(action.complete ? 'reload.finished' : 'reload.superseded', { generation: pool.generation });
    case 'abortReload':
      return abortReload(master, pool);
    case 'giveUp':
    case 'exit':
      return;
    default:
      return unreachable(action);
  }
}

function hooksOf(master: Master, pool: Pool) {
  return activeConfig(master, pool).hooks;
}

async function spawnWorker(master: Master, pool: Pool, action: Extract<Action, { type: 'spawn' }>): Promise<void> {
  const { crew, log } = master;
  const loaded = activeConfig(master, pool);
  const worker = { id: action.workerId, generation: action.generation };
  const callPreFork = () => loaded.hooks.preFork?.(activeServerInfo(master, pool), workerInfo(master, worker));
  if (pool.everReady) {
    // By now a hook that fails must not keep a worker from being replaced.
    await master.hooks.run('preFork', callPreFork);
  } else {
    await runGate('preFork', callPreFork).catch((error: unknown) => {
      if (!(error instanceof TsunicornError)) throw error;
      master.fatal ??= error;
    });
    if (master.fatal !== null) {
      const { fatal: error } = master;
      return master.inbox.push({
        type: 'workerExited',
        workerId: worker.id,
        workerPid: 0,
        code: null,
        signal: null,
        error,
      });
    }
  }
  crew.spawn(worker, loaded);
  log.event('worker.spawned', { ...identify(master, action), generation: action.generation });
}

function drainWorker(master: Master, pool: Pool, action: Extract<Action, { type: 'drain' }>): void {
  const { workerId, mode } = action;
  const graceMs = Math.max(0, action.killAtMs - master.system.nowMs());
  master.log.event('worker.draining', { ...identify(master, action), mode, graceMs: Math.round(graceMs) });
  const removed = removedFrom(master, pool, workerId);
  // The last old worker must be the last to close a socket that is removed, as it looks into the queue first.
  forgetUnneeded(master, pool);
  master.crew.send(workerId, { type: 'drain', mode, graceMs, removed });
}

function abortWorker(master: Master, pool: Pool, action: Extract<Action, { type: 'abort' }>): void {
  const silentMs = Math.round(action.silentMs);
  master.log.event('worker.timeout', { ...identify(master, action), silentMs });
  const worker = pool.workers.find(({ id }) => id === action.workerId);
  if (worker !== undefined) {
    if (isCanary(pool, worker)) master.lastBootFailure = silentSoon(silentMs);
    const info = workerInfo(master, worker);
    const { workerTimeout } = hooksOf(master, pool);
    master.hooks.notify('workerTimeout', () => workerTimeout?.(activeServerInfo(master, pool), info, { silentMs }));
  }
  master.crew.signal(action.workerId, 'SIGABRT');
}

function killWorker(master: Master, pool: Pool, action: Extract<Action, { type: 'kill' }>): void {
  if (action.why === 'bootTimeout') {
    const { bootTimeoutMs } = limitsOf(activeConfig(master, pool).config);
    master.lastBootFailure = notReadyInTime(bootTimeoutMs);
    master.log.event('worker.bootTimeout', {
      ...identify(master, action),
      bootTimeoutMs,
      ...outputOf(master, action.workerId),
    });
  } else {
    master.log.event('worker.killed', { ...identify(master, action), why: action.why });
  }
  master.crew.signal(action.workerId, 'SIGKILL');
}

function startLoading(master: Master, pool: Pool): void {
  const current = activeConfig(master, pool);
  master.lastBootFailure = null;
  master.log.event('reload.started', { generation: pool.generation });
  const { system, request, sockets } = master;
  const trial = {
    ...{ system, cwd: request.cwd, env: request.env, limitMs: limitsOf(current.config).bootTimeoutMs },
    withholdFds: sockets.all().flatMap(({ address }) => (address.kind === 'fd' ? [address.fd] : [])),
  };
  const loading = async () => {
    const loaded = await reloadConfig(request, current, (file) => tryConfigFile(file, trial));
    await master.hooks.run('onReload', () => loaded.hooks.onReload?.(activeServerInfo(master, pool)));
    return { ...loaded, listeners: await master.sockets.open(bindAddresses(loaded.config)) };
  };
  void loading().then(
    (loaded) => master.inbox.push({ type: 'configLoaded', loaded }),
    (error: unknown) => master.inbox.push({ type: 'configRefused', faults: faultsOf(error) }),
  );
}

function abortReload(master: Master, pool: Pool): void {
  forgetUnneeded(master, pool);
  const { config, hooks } = activeConfig(master, pool);
  try {
    master.log.reconfigure(config);
  } catch (error) {
    // The place of the old log is gone meanwhile: better to write on where the new one goes than to stop.
    master.log.event('logs.reopenFailed', { path: config.errorLog, error });
  }
  const faults = [master.lastBootFailure?.text ?? 'The first new worker failed before it was ready.'];
  master.log.event('reload.aborted', { generation: pool.generation, faults });
  master.hooks.notify('onReloadFailed', () => hooks.onReloadFailed?.(activeServerInfo(master, pool), faults));
}
