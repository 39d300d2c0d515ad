import { unreachable } from '../errors.ts';
import type { DrainMode } from '../ipc/messages.ts';
import { backoffMs } from '../os/backoff.ts';
import { isOnTrial, type Reload } from './reload-state.ts';

export const FIRST_GENERATION = 1;

/** A worker that was ready for this long before it died is not part of a crash loop. */
const STABLE_MS = 2_000;
/** After this long without a failure the next one is the first again. */
const CALM_MS = 30_000;
/** Ctrl-C in `npm start` comes twice, from the terminal and from npm. Nobody presses a key twice in this time. */
const SAME_INTENTION_MS = 100;
/** Spreads the jitter of successive workers evenly over [0, 1). */
const GOLDEN_RATIO = 0.618_033_988_749_895;

export type WorkerState =
  | { readonly phase: 'booting'; readonly bootDeadlineMs: number }
  | { readonly phase: 'ready'; readonly readyAtMs: number; readonly heartbeatMs: number }
  | { readonly phase: 'draining'; readonly mode: DrainMode; readonly killAtMs: number }
  /** Given up on. SIGKILL is due at `killAtMs`; `null` once it was sent. */
  | { readonly phase: 'killed'; readonly killAtMs: number | null };

export interface PoolWorker {
  readonly id: number;
  readonly generation: number;
  /** It asked to be replaced (`maxRequests`). */
  readonly recycling: boolean;
  readonly state: WorkerState;
}

export type Stop = { readonly mode: 'none' } | { readonly mode: 'stop' | 'quick' | 'kill'; readonly askedAtMs: number };

/** Everything the arbiter knows about its workers. Immutable; no process, no clock, no socket. */
export interface Pool {
  readonly target: number;
  readonly generation: number;
  readonly lastGeneration: number;
  readonly lastWorkerId: number;
  readonly workers: readonly PoolWorker[];
  /** Workers that died young, in a row, and when the next may be started. */
  readonly backoff: { readonly failures: number; readonly retryAtMs: number };
  readonly everReady: boolean;
  /** The whole target was ready once, and was told of. */
  readonly announced: boolean;
  readonly reload: Reload;
  readonly stop: Stop;
  readonly jitterSeed: number;
}

/** What the plan asks for; performing one is reported back to `step` as the same value. */
export type Action =
  | { readonly type: 'spawn'; readonly workerId: number; readonly generation: number; readonly bootDeadlineMs: number }
  | { readonly type: 'drain'; readonly workerId: number; readonly mode: DrainMode; readonly killAtMs: number }
  | { readonly type: 'abort'; readonly workerId: number; readonly silentMs: number; readonly killAtMs: number }
  | { readonly type: 'kill'; readonly workerId: number; readonly why: 'bootTimeout' | 'deadline' | 'hurried' }
  | { readonly type: 'loadConfig' }
  | { readonly type: 'announceReady' }
  /** The first worker of a new generation has lived long enough. */
  | { readonly type: 'trust' }
  /** `complete: false`: the roll met failures and gives way to the next request. */
  | { readonly type: 'finishReload'; readonly complete: boolean }
  | { readonly type: 'abortReload' }
  | { readonly type: 'giveUp' }
  | { readonly type: 'exit' };

export type PoolEvent =
  | Action
  | { readonly type: 'ready'; readonly workerId: number }
  | { readonly type: 'heartbeat'; readonly workerId: number }
  | { readonly type: 'recycleRequested'; readonly workerId: number }
  /** It closed its channel: as good as dead, but it may finish what it has. */
  | { readonly type: 'unreachable'; readonly workerId: number; readonly killAtMs: number }
  | { readonly type: 'exited'; readonly workerId: number }
  | { readonly type: 'targetChanged'; readonly by: 1 | -1 }
  | { readonly type: 'reloadRequested' }
  | { readonly type: 'reloadLoaded'; readonly target: number }
  | { readonly type: 'reloadRefused' }
  | { readonly type: 'stopRequested'; readonly mode: 'stop' | 'quick' }
  /** The master itself stood still (SIGSTOP, suspend): nothing that became overdue meanwhile counts. */
  | { readonly type: 'stoodStill'; readonly forMs: number };

export function createPool(options: { target: number; jitterSeed: number }): Pool {
  return {
    target: options.target,
    generation: FIRST_GENERATION,
    lastGeneration: FIRST_GENERATION,
    lastWorkerId: 0,
    workers: [],
    backoff: { failures: 0, retryAtMs: 0 },
    everReady: false,
    announced: false,
    reload: { phase: 'idle' },
    stop: { mode: 'none' },
    jitterSeed: options.jitterSeed,
  };
}

/** The pool after `event`. Events about workers that are gone, or that come too late to matter, change nothing. */
export function step(pool: Pool, event: PoolEvent, nowMs: number): Pool {
  switch (event.type) {
    case 'spawn':
      return spawned(pool, event);
    case 'drain':
      return setState(pool, event.workerId, { phase: 'draining', mode: event.mode, killAtMs: event.killAtMs });
    case 'abort':
    case 'unreachable':
      return setState(failedYoung(pool, event.workerId, nowMs), event.workerId, {
        phase: 'killed',
        killAtMs: event.killAtMs,
      });
    case 'kill':
      return setState(event.why === 'bootTimeout' ? failedYoung(pool, event.workerId, nowMs) : pool, event.workerId, {
        phase: 'killed',
        killAtMs: null,
      });
    case 'ready':
      return ready(pool, event.workerId, nowMs);
    case 'heartbeat':
      return updateWorker(pool, event.workerId, (worker) =>
        worker.state.phase === 'ready' ? { ...worker, state: { ...worker.state, heartbeatMs: nowMs } } : worker,
      );
    case 'recycleRequested':
      return updateWorker(pool, event.workerId, (worker) => ({ ...worker, recycling: true }));
    case 'exited':
      return exited(pool, event.workerId, nowMs);
    case 'targetChanged':
      return { ...pool, target: Math.max(1, pool.target + event.by), reload: shiftTarget(pool.reload, event.by) };
    case 'stopRequested':
      return { ...pool, stop: hurried(pool.stop, event.mode, nowMs) };
    case 'stoodStill':
      return { ...pool, workers: pool.workers.map((worker) => ({ ...worker, state: postponed(worker.state, event) })) };
    case 'announceReady':
      return { ...pool, announced: true };
    case 'reloadRequested':
    case 'loadConfig':
    case 'reloadLoaded':
    case 'reloadRefused':
    case 'trust':
    case 'finishReload':
    case 'abortReload':
      return stepReload(pool, event);
    case 'giveUp':
    case 'exit':
      return pool;
    default:
      return unreachable(event);
  }
}

type ReloadEvent = Extract<
  PoolEvent,
  {
    type:
      | 'reloadRequested'
      | 'loadConfig'
      | 'reloadLoaded'
      | 'reloadRefused'
      | 'trust'
      | 'finishReload'
      | 'abortReload';
  }
>;

function stepReload(pool: Pool, event: ReloadEvent): Pool {
  const { reload } = pool;
  const after: Reload = 'again' in reload && reload.again ? { phase: 'requested' } : { phase: 'idle' };
  switch (event.type) {
    case 'reloadRequested':
      return { ...pool, reload: 'again' in reload ? { ...reload, again: true } : { phase: 'requested' } };
    case 'loadConfig':
      return { ...pool, reload: { phase: 'loading', again: false } };
    case 'reloadLoaded':
      if (reload.phase !== 'loading') return pool;
      return {
        ...pool,
        target: event.target,
        generation: pool.lastGeneration + 1,
        lastGeneration: pool.lastGeneration + 1,
        backoff: { failures: 0, retryAtMs: 0 },
        reload: {
          phase: 'rolling',
          again: reload.again,
          from: { generation: pool.generation, target: pool.target },
          trial: { verdict: 'open' },
        },
      };
    case 'trust':
      return reload.phase === 'rolling' ? { ...pool, reload: { ...reload, trial: { verdict: 'proven' } } } : pool;
    case 'reloadRefused':
    case 'finishReload':
      return { ...pool, reload: after };
    case 'abortReload':
      if (reload.phase !== 'rolling') return pool;
      return { ...pool, ...reload.from, backoff: { failures: 0, retryAtMs: 0 }, reload: after };
    default:
      return unreachable(event);
  }
}

function spawned(pool: Pool, action: Extract<Action, { type: 'spawn' }>): Pool {
  const worker: PoolWorker = {
    id: action.workerId,
    generation: action.generation,
    recycling: false,
    state: { phase: 'booting', bootDeadlineMs: action.bootDeadlineMs },
  };
  return { ...pool, lastWorkerId: action.workerId, workers: [...pool.workers, worker] };
}

function ready(pool: Pool, workerId: number, nowMs: number): Pool {
  const worker = pool.workers.find(({ id }) => id === workerId);
  if (worker?.state.phase !== 'booting') return pool;
  const { reload } = pool;
  const settles =
    reload.phase === 'rolling' && reload.trial.verdict === 'open' && worker.generation === pool.generation;
  const next = setState(pool, workerId, { phase: 'ready', readyAtMs: nowMs, heartbeatMs: nowMs });
  return {
    ...next,
    everReady: true,
    reload: settles ? { ...reload, trial: { verdict: 'settling', sinceMs: nowMs } } : reload,
  };
}

function exited(pool: Pool, workerId: number, nowMs: number): Pool {
  const next = failedYoung(pool, workerId, nowMs);
  return { ...next, workers: next.workers.filter(({ id }) => id !== workerId) };
}

/** Counts the end of a worker that nobody asked to leave; one that was draining or killed was counted when that was decided. */
function failedYoung(pool: Pool, workerId: number, nowMs: number): Pool {
  const worker = pool.workers.find(({ id }) => id === workerId);
  if (worker === undefined || (worker.state.phase !== 'booting' && worker.state.phase !== 'ready')) return pool;
  const stable = worker.state.phase === 'ready' && nowMs - worker.state.readyAtMs >= STABLE_MS;
  const calm = nowMs - pool.backoff.retryAtMs >= CALM_MS;
  const failures = stable || calm ? 1 : pool.backoff.failures + 1;
  const jitter = (pool.jitterSeed + workerId * GOLDEN_RATIO) % 1;
  const { reload } = pool;
  const trialFailed = reload.phase === 'rolling' && isOnTrial(reload.trial) && worker.generation === pool.generation;
  return {
    ...pool,
    backoff: { failures, retryAtMs: nowMs + backoffMs(failures, jitter) },
    reload: trialFailed ? { ...reload, trial: { verdict: 'failed' } } : reload,
  };
}

/** Whether this worker is the one that a reload tries its new generation with. */
export function isCanary({ reload, generation }: Pool, worker: PoolWorker): boolean {
  return reload.phase === 'rolling' && reload.trial.verdict !== 'proven' && worker.generation === generation;
}

function hurried(stop: Stop, mode: 'stop' | 'quick', nowMs: number): Stop {
  if (stop.mode === 'none') return { mode, askedAtMs: nowMs };
  const again = nowMs - stop.askedAtMs >= SAME_INTENTION_MS;
  // TERM and then INT is no repetition.
  if (!again && !(stop.mode === 'stop' && mode === 'quick')) return stop;
  return { mode: stop.mode === 'stop' ? 'quick' : 'kill', askedAtMs: nowMs };
}

function shiftTarget(reload: Reload, by: number): Reload {
  if (reload.phase !== 'rolling') return reload;
  return { ...reload, from: { ...reload.from, target: Math.max(1, reload.from.target + by) } };
}

function postponed(state: WorkerState, { forMs }: { forMs: number }): WorkerState {
  switch (state.phase) {
    case 'booting':
      return { ...state, bootDeadlineMs: state.bootDeadlineMs + forMs };
    case 'ready':
      return { ...state, heartbeatMs: state.heartbeatMs + forMs };
    case 'draining':
      return { ...state, killAtMs: state.killAtMs + forMs };
    case 'killed':
      return state;
    default:
      return unreachable(state);
  }
}

function setState(pool: Pool, workerId: number, state: WorkerState): Pool {
  return updateWorker(pool, workerId, (worker) => ({ ...worker, state }));
}

function updateWorker(pool: Pool, workerId: number, change: (worker: PoolWorker) => PoolWorker): Pool {
  return { ...pool, workers: pool.workers.map((worker) => (worker.id === workerId ? change(worker) : worker)) };
}
