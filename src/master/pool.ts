import { unreachable } from '../errors.ts';
import type { DrainMode, RecycleReason } from '../ipc/messages.ts';
import { failedYoung, isYoung } from './failures.ts';
import type { Reload } from './reload-state.ts';
import { stepReload } from './reload-steps.ts';

export const FIRST_GENERATION = 1;

/** Between two aborts for silence: of workers that a stall of the whole machine silenced, the others beat again meanwhile. */
export const ABORT_PAUSE_MS = 1_000;
/** Ctrl-C in `npm start` comes twice, from the terminal and from npm. Nobody presses a key twice in this time. */
const SAME_INTENTION_MS = 100;

export type WorkerState =
  | { readonly phase: 'booting'; readonly bootDeadlineMs: number }
  | { readonly phase: 'ready'; readonly readyAtMs: number; readonly heartbeatMs: number }
  | { readonly phase: 'draining'; readonly mode: DrainMode; readonly killAtMs: number }
  /** Given up on. SIGKILL is due at `killAtMs`; `null` once it was sent. */
  | { readonly phase: 'killed'; readonly killAtMs: number | null };

export interface PoolWorker {
  readonly id: number;
  readonly generation: number;
  /** It asked to be replaced, for whatever reason. */
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
  /** How often in a row workers died young, those that died together counted once, and when the next may be started. */
  readonly backoff: { readonly failures: number; readonly retryAtMs: number };
  /** No worker is aborted for its silence before this. */
  readonly nextAbortAtMs: number;
  readonly everReady: boolean;
  /** The whole target was ready once, and was told of. */
  readonly announced: boolean;
  readonly reload: Reload;
  readonly stop: Stop;
  /** All workers leave and none is started, until it is woken; never during a reload. */
  readonly resting: boolean;
  readonly jitterSeed: number;
}

/** What the plan asks for; performing one is reported back to `step` as the same value. */
export type Action =
  | {
      readonly type: 'spawn';
      readonly workerId: number;
      readonly generation: number;
      readonly bootDeadlineMs: number;
      /** It takes no connection until it is admitted. */
      readonly quiet: boolean;
    }
  | { readonly type: 'drain'; readonly workerId: number; readonly mode: DrainMode; readonly killAtMs: number }
  | { readonly type: 'abort'; readonly workerId: number; readonly silentMs: number; readonly killAtMs: number }
  | { readonly type: 'kill'; readonly workerId: number; readonly why: 'bootTimeout' | 'deadline' | 'hurried' }
  | { readonly type: 'loadConfig' }
  | { readonly type: 'announceReady' }
  /** The first worker of a new generation has lived long enough to be shown clients. */
  | { readonly type: 'admit'; readonly workerId: number }
  /** It has lived long enough with them. */
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
  | { readonly type: 'recycleRequested'; readonly workerId: number; readonly why: RecycleReason }
  /** It closed its channel: as good as dead, but it may finish what it has. */
  | { readonly type: 'unreachable'; readonly workerId: number; readonly killAtMs: number }
  | { readonly type: 'exited'; readonly workerId: number }
  | { readonly type: 'targetChanged'; readonly by: 1 | -1 }
  | { readonly type: 'reloadRequested' }
  | { readonly type: 'reloadLoaded'; readonly target: number }
  | { readonly type: 'reloadRefused' }
  | { readonly type: 'restRequested' }
  | { readonly type: 'woken' }
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
    nextAbortAtMs: 0,
    everReady: false,
    announced: false,
    reload: { phase: 'idle' },
    stop: { mode: 'none' },
    resting: false,
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
      return { ...givenUp(pool, event, nowMs), nextAbortAtMs: nowMs + ABORT_PAUSE_MS };
    case 'unreachable':
      return givenUp(pool, event, nowMs);
    case 'kill':
      return event.why === 'bootTimeout'
        ? givenUp(pool, { ...event, killAtMs: null }, nowMs)
        : setState(pool, event.workerId, { phase: 'killed', killAtMs: null });
    case 'ready':
      return ready(pool, event.workerId, nowMs);
    case 'heartbeat':
      return updateWorker(pool, event.workerId, (worker) =>
        worker.state.phase === 'ready' ? { ...worker, state: { ...worker.state, heartbeatMs: nowMs } } : worker,
      );
    case 'recycleRequested':
      return recycleRequested(pool, event, nowMs);
    case 'exited':
      return exited(pool, event.workerId, nowMs);
    case 'targetChanged':
      if (pool.resting) return event.by > 0 ? { ...pool, resting: false, target: 1 } : pool;
      return { ...pool, target: Math.max(1, pool.target + event.by), reload: shiftTarget(pool.reload, event.by) };
    case 'restRequested':
      return pool.everReady && pool.reload.phase === 'idle' ? { ...pool, resting: true } : pool;
    case 'woken':
      return { ...pool, resting: false };
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
    case 'admit':
    case 'trust':
    case 'finishReload':
    case 'abortReload':
      return stepReload(pool, event, nowMs);
    case 'giveUp':
    case 'exit':
      return pool;
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

/** It fails by our verdict, and its end counts from now on. */
function givenUp(
  pool: Pool,
  { workerId, killAtMs }: { workerId: number; killAtMs: number | null },
  nowMs: number,
): Pool {
  return setState(failedYoung(pool, workerId, nowMs), workerId, { phase: 'killed', killAtMs });
}

function exited(pool: Pool, workerId: number, nowMs: number): Pool {
  const next = failedYoung(pool, workerId, nowMs);
  return { ...next, workers: next.workers.filter(({ id }) => id !== workerId) };
}

/**
 * Who asks so soon that its successor would ask again counts as a crash does; `maxRequests` is what somebody wanted. Of the first worker of
 * a reload that had no client yet it is as good as its end: whatever is wrong with it, its like would have it too.
 */
function recycleRequested(
  pool: Pool,
  { workerId, why }: Extract<PoolEvent, { type: 'recycleRequested' }>,
  nowMs: number,
): Pool {
  const worker = pool.workers.find(({ id }) => id === workerId);
  if (worker === undefined || worker.state.phase !== 'ready' || worker.recycling) return pool;
  const next = updateWorker(pool, workerId, (each) => ({ ...each, recycling: true }));
  const { reload } = pool;
  if (reload.phase === 'rolling' && isCanary(pool, worker)) {
    return reload.trial.verdict === 'settling'
      ? { ...next, reload: { ...reload, trial: { verdict: 'failed' } } }
      : next;
  }
  return why !== 'maxRequests' && isYoung(worker, nowMs) ? failedYoung(next, workerId, nowMs) : next;
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
