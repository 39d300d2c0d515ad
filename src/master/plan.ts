import { unreachable } from '../errors.ts';
import type { DrainMode } from '../ipc/messages.ts';
import type { Action, Pool, PoolWorker } from './pool.ts';
import { isOnTrial } from './reload-state.ts';

/** A stop that was hurried, and a worker that serves nobody yet, get this long. */
const QUICK_STOP_MS = 1_000;
/** Between SIGABRT, which lets a hook write evidence, and SIGKILL. */
const ABORT_GRACE_MS = 1_000;
const MOST_LEAVING_GENERATIONS = 2;

/** The limits the plan obeys, in milliseconds; `timeoutMs` is `null` when silence is allowed. */
export interface PoolLimits {
  readonly maxSurge: number;
  /** How long the first worker of a new generation must live before it is shown clients, and with them before others follow. */
  readonly settleMs: number;
  readonly bootTimeoutMs: number;
  readonly timeoutMs: number | null;
  readonly gracefulTimeoutMs: number;
}

export interface Plan {
  readonly actions: readonly Action[];
  /** How long nothing will be due, if nothing happens; `null`: for ever. */
  readonly wakeInMs: number | null;
}

/**
 * What is to be done about `pool` now, and when to look again. Performing every action and feeding each back to `step` leaves nothing to
 * do until time passes or something happens.
 *
 * Two promises rest here: the ready workers never fall below the target through our own doing, and the workers that boot or serve never
 * exceed what `allowedSize` says plus `maxSurge`.
 */
export function plan(pool: Pool, limits: PoolLimits, nowMs: number): Plan {
  const overdue = planOverdue(pool, limits, nowMs);
  // What they change is planned for in the next round.
  const actions =
    overdue.length > 0
      ? overdue
      : pool.stop.mode === 'none'
        ? planService(pool, limits, nowMs)
        : planStop(pool, limits, nowMs);
  return { actions, wakeInMs: actions.length > 0 ? 0 : nextDeadlineInMs(pool, limits, nowMs) };
}

/**
 * The target; but while a new generation is on trial no old worker leaves, so that a reload to fewer workers has to find room for its first
 * one beside all that there were.
 */
export function allowedSize({ target, reload }: Pool): number {
  return reload.phase === 'rolling' && isOnTrial(reload.trial) ? Math.max(target, reload.from.target) : target;
}

function planOverdue(pool: Pool, limits: PoolLimits, nowMs: number): Action[] {
  const overdue = pool.workers.filter((worker) => {
    const dueMs = deadlineMs(worker, pool, limits);
    return dueMs !== null && nowMs >= dueMs;
  });
  const silent = longestSilent(overdue);
  return overdue.flatMap((worker): Action[] => {
    switch (worker.state.phase) {
      case 'booting':
        return [{ type: 'kill', workerId: worker.id, why: 'bootTimeout' }];
      case 'ready':
        // One at a time: what silences several is most often a stall of the whole machine, which passes.
        if (worker !== silent) return [];
        return [
          {
            type: 'abort',
            workerId: worker.id,
            silentMs: nowMs - worker.state.heartbeatMs,
            killAtMs: nowMs + ABORT_GRACE_MS,
          },
        ];
      case 'draining':
      case 'killed':
        return [{ type: 'kill', workerId: worker.id, why: 'deadline' }];
      default:
        return unreachable(worker.state);
    }
  });
}

function longestSilent(workers: readonly PoolWorker[]): PoolWorker | undefined {
  const beats = workers.flatMap(({ state }) => (state.phase === 'ready' ? state.heartbeatMs : []));
  const longestAgoMs = Math.min(...beats);
  return workers.find(({ state }) => state.phase === 'ready' && state.heartbeatMs === longestAgoMs);
}

function planStop(pool: Pool, limits: PoolLimits, nowMs: number): Action[] {
  if (pool.workers.length === 0) return [{ type: 'exit' }];
  const { mode } = pool.stop;
  return pool.workers.flatMap((worker): Action[] => {
    const { state } = worker;
    if (mode === 'kill') {
      const sent = state.phase === 'killed' && state.killAtMs === null;
      return sent ? [] : [{ type: 'kill', workerId: worker.id, why: 'hurried' }];
    }
    if (mode === 'none' || state.phase === 'killed') return [];
    if (state.phase !== 'draining') return [drain(worker, mode, limits, nowMs)];
    return mode === 'quick' && state.mode !== 'quick' ? [drain(worker, 'quick', limits, nowMs)] : [];
  });
}

function planService(pool: Pool, limits: PoolLimits, nowMs: number): Action[] {
  if (pool.resting) return planRest(pool, limits, nowMs);
  const booting = pool.workers.filter(({ state }) => state.phase === 'booting');
  const ready = pool.workers.filter(({ state }) => state.phase === 'ready');
  // Until one worker was ready, a failure is not repeated: the others of the first round decide.
  const doomed = !pool.everReady && pool.backoff.failures > 0;
  if (doomed && pool.workers.length === 0) return [{ type: 'giveUp' }];
  const turn = planReloadTurn(pool, limits, nowMs, ready);
  if (turn !== null) return [turn];

  const recycling = nextToRecycle(pool, ready);
  const leaves = (worker: PoolWorker) => worker.generation !== pool.generation || worker === recycling;
  const staying = [...booting, ...ready].filter((worker) => !leaves(worker));
  const { onTrial, spare, maxServing } = capacity(pool, limits, ready);

  const unwanted = unwantedBooting(pool, booting, { maxServing, ready: ready.length });
  const excess = ready.filter((worker) => !leaves(worker)).slice(0, Math.max(0, staying.length - pool.target));
  const retiring = [...ready.filter(leaves), ...excess].slice(0, spare);
  const drains = [
    ...unwanted.map((worker) => drain(worker, 'quick', limits, nowMs)),
    ...retiring.map((worker) => drain(worker, 'retire', limits, nowMs)),
  ];
  if (drains.length > 0) return drains;

  if (doomed || nowMs < pool.backoff.retryAtMs) return [];
  const room = maxServing - booting.length - ready.length;
  // The first worker of a new generation is alone until then: a canary.
  const wanted = (onTrial ? 1 : pool.target) - staying.length;
  const spawns = spawnActions(pool, limits, nowMs, Math.min(room, wanted));
  if (spawns.length > 0) return spawns;
  return planMilestone(pool, ready.length);
}

function planRest(pool: Pool, limits: PoolLimits, nowMs: number): Action[] {
  return pool.workers
    .filter(({ state }) => state.phase === 'booting' || state.phase === 'ready')
    .map((worker) => drain(worker, worker.state.phase === 'ready' ? 'retire' : 'quick', limits, nowMs));
}

/**
 * The one worker that may be replaced because it asked for it; the others serve on until it is their turn. The permit is given back when
 * the old process is gone, not when its replacement is ready: so there is never more than one process too many for this, whoever drains
 * how long. While a reload tries its new generation nobody has it.
 */
function nextToRecycle({ workers, generation, reload }: Pool, ready: readonly PoolWorker[]): PoolWorker | undefined {
  const isTaken = workers.some(
    ({ recycling, state }) => recycling && (state.phase === 'draining' || state.phase === 'killed'),
  );
  if (isTaken || (reload.phase === 'rolling' && isOnTrial(reload.trial))) return undefined;
  return ready.find((worker) => worker.recycling && worker.generation === generation);
}

/**
 * Whether so many workers of earlier reloads still finish their requests that the next one has to wait: a storm of them would otherwise
 * leave any number of processes, each of which may take all of `gracefulTimeout`.
 */
export function isCrowded({ target, workers }: Pool): boolean {
  const leaving = workers.filter(({ state }) => state.phase === 'draining' || state.phase === 'killed');
  return leaving.length >= target * MOST_LEAVING_GENERATIONS;
}

/** How many ready workers may leave, and how many may boot or serve. */
function capacity(pool: Pool, { maxSurge }: PoolLimits, ready: readonly PoolWorker[]) {
  const { reload, target, generation } = pool;
  const maxServing = allowedSize(pool) + maxSurge;
  const spare = Math.max(0, ready.length - target);
  if (reload.phase !== 'rolling' || !isOnTrial(reload.trial)) return { onTrial: false, spare, maxServing };
  // Until the new generation has proven itself the old one is kept as it was.
  const old = ready.filter((worker) => worker.generation !== generation);
  return { onTrial: true, spare: Math.min(spare, Math.max(0, old.length - reload.from.target)), maxServing };
}

/** What a reload needs before the workers are looked at; `null`: nothing. */
function planReloadTurn(
  pool: Pool,
  { settleMs }: PoolLimits,
  nowMs: number,
  ready: readonly PoolWorker[],
): Action | null {
  const { everReady, backoff, reload, generation } = pool;
  if (reload.phase === 'requested') return everReady && !isCrowded(pool) ? { type: 'loadConfig' } : null;
  if (reload.phase !== 'rolling') return null;
  const { trial } = reload;
  if (trial.verdict === 'failed') return { type: 'abortReload' };
  if (trial.verdict === 'settling') {
    const canary = ready.find((worker) => worker.generation === generation);
    // When no old worker is left to serve, clients must not wait for the end of a trial.
    const isDue = nowMs >= trial.sinceMs + settleMs || ready.length === 1;
    if (canary !== undefined && isDue)
      return settleMs === 0 ? { type: 'trust' } : { type: 'admit', workerId: canary.id };
  }
  if (trial.verdict === 'admitted' && nowMs >= trial.sinceMs + settleMs) return { type: 'trust' };
  // A roll that keeps failing may never end: whoever asked again has mended something, and must not wait for it.
  const stuck = trial.verdict === 'proven' && backoff.failures > 1;
  return reload.again && stuck ? { type: 'finishReload', complete: false } : null;
}

/** Booting workers that nobody waits for: of another generation, or more than there may be (the youngest first). */
function unwantedBooting(pool: Pool, booting: readonly PoolWorker[], count: { maxServing: number; ready: number }) {
  const outdated = booting.filter(({ generation }) => generation !== pool.generation);
  const current = booting.filter(({ generation }) => generation === pool.generation);
  const allowed = Math.max(0, count.maxServing - count.ready);
  return [...outdated, ...current.slice(allowed)];
}

function spawnActions(pool: Pool, limits: PoolLimits, nowMs: number, count: number): Action[] {
  return Array.from({ length: Math.max(0, count) }, (_, index) => ({
    type: 'spawn',
    workerId: pool.lastWorkerId + 1 + index,
    generation: pool.generation,
    bootDeadlineMs: nowMs + limits.bootTimeoutMs,
    quiet: pool.reload.phase === 'rolling' && isOnTrial(pool.reload.trial) && limits.settleMs > 0,
  }));
}

function planMilestone(pool: Pool, readyCount: number): Action[] {
  const current = pool.workers.filter((worker) => worker.state.phase === 'booting' || worker.state.phase === 'ready');
  const complete =
    readyCount === pool.target &&
    current.every((worker) => worker.state.phase === 'ready' && worker.generation === pool.generation);
  if (!complete) return [];
  if (!pool.announced) return [{ type: 'announceReady' }];
  const isProven = pool.reload.phase === 'rolling' && pool.reload.trial.verdict === 'proven';
  return isProven ? [{ type: 'finishReload', complete: true }] : [];
}

/** A worker that still boots holds no request: it is not waited for longer than a quick stop. */
function drain(worker: PoolWorker, mode: DrainMode, limits: PoolLimits, nowMs: number): Action {
  const quick = mode === 'quick' || worker.state.phase === 'booting';
  const graceMs = quick ? Math.min(QUICK_STOP_MS, limits.gracefulTimeoutMs) : limits.gracefulTimeoutMs;
  const earlierMs = worker.state.phase === 'draining' ? worker.state.killAtMs : Number.POSITIVE_INFINITY;
  return { type: 'drain', workerId: worker.id, mode, killAtMs: Math.min(earlierMs, nowMs + graceMs) };
}

/** When this worker's patience ends; `null`: never. */
function deadlineMs(worker: PoolWorker, { nextAbortAtMs }: Pool, limits: PoolLimits): number | null {
  const { state } = worker;
  switch (state.phase) {
    case 'booting':
      return state.bootDeadlineMs;
    case 'ready':
      return limits.timeoutMs === null ? null : Math.max(nextAbortAtMs, state.heartbeatMs + limits.timeoutMs);
    case 'draining':
    case 'killed':
      return state.killAtMs;
    default:
      return unreachable(state);
  }
}

function nextDeadlineInMs(pool: Pool, limits: PoolLimits, nowMs: number): number | null {
  const deadlines = pool.workers.flatMap((worker) => deadlineMs(worker, pool, limits) ?? []);
  if (nowMs < pool.backoff.retryAtMs) deadlines.push(pool.backoff.retryAtMs);
  const { reload, stop } = pool;
  // A server that stops trusts nobody any more: the time would come, and nothing would be done.
  const trial = stop.mode === 'none' && reload.phase === 'rolling' ? reload.trial : null;
  if (trial?.verdict === 'settling' || trial?.verdict === 'admitted') deadlines.push(trial.sinceMs + limits.settleMs);
  return deadlines.length === 0 ? null : Math.max(0, Math.min(...deadlines) - nowMs);
}
