import { allowedSize, type PoolLimits, plan } from '../../src/master/plan.ts';
import { ABORT_PAUSE_MS, createPool, type Pool, type PoolEvent, step } from '../../src/master/pool.ts';

/** What a history is made of. Workers are named by their place among the living, so that every number means something. */
export type Happening =
  | { readonly type: 'ready' | 'crash' | 'stall' | 'recycle' | 'outgrow' | 'obey'; readonly nth: number }
  | { readonly type: 'hup'; readonly target: number; readonly faulty: boolean }
  | {
      readonly type: 'ttin' | 'ttou' | 'loaded' | 'stoodStill' | 'winch' | 'wake' | 'stallAll' | 'resumeAll';
    }
  | { readonly type: 'stop'; readonly mode: 'stop' | 'quick' }
  | { readonly type: 'wait'; readonly ms: number };

/** What is wrong with the pool, as a sentence; a history without one is a good one. */
export class Broken extends Error {}

/** A process as the world has it: it obeys unless it is stalled, and dies of SIGKILL in any case. */
interface Process {
  stalled: boolean;
  /** Told to leave, or aborted: it will exit when it gets round to it. */
  leaving: boolean;
  killed: boolean;
  /** It asked to be replaced. */
  asked: boolean;
  /** Takes no connections. */
  quiet: boolean;
}

/** Rounds of plan and perform without anything happening between them, after which something is wrong. */
const MOST_ROUNDS = 50;

/** A pool, a clock and processes that do what the actions say: everything around the pure part, without a process. */
export interface World {
  readonly pool: Pool;
  readonly nowMs: number;
  readonly over: 'no' | 'exit' | 'giveUp';
  happen(happening: Happening): void;
  /** Lets everything come to rest: processes obey, boots succeed, time passes to each deadline. */
  settle(): void;
}

export function createWorld(start: { target: number; limits: PoolLimits }): World {
  const { limits } = start;
  let pool = createPool({ target: start.target, jitterSeed: 0.25 });
  let nowMs = 0;
  let over: World['over'] = 'no';
  let wantedTarget = start.target;
  let faulty = false;
  let unheardHup = false;
  let abortedAtMs = Number.NEGATIVE_INFINITY;
  const processes = new Map<number, Process>();

  /** A step that is ours: the ready workers may not fall below the target by it, unless they were below already. */
  const feed = (event: PoolEvent) => {
    const before = readyCount(pool);
    pool = step(pool, event, nowMs);
    const ours = event.type === 'drain' || event.type === 'spawn' || event.type === 'kill';
    const after = readyCount(pool);
    if (ours && pool.stop.mode === 'none' && !pool.resting && after < before && after < pool.target) {
      throw new Broken(`${event.type} left ${after} of ${pool.target} ready`);
    }
    const { reload } = pool;
    const retires = event.type === 'drain' && event.mode === 'retire';
    if (retires && reload.phase === 'rolling' && reload.trial.verdict !== 'proven' && oldReady() < reload.from.target) {
      throw new Broken(`worker ${event.workerId} leaves for a generation that has not proven itself`);
    }
  };

  const oldReady = () =>
    readyCount({ ...pool, workers: pool.workers.filter(({ generation }) => generation !== pool.generation) });

  /** A worker beyond the target that no reload explains takes the place of one that asked: one at a time, until the old one is gone. */
  const checkPermit = () => {
    const serving = pool.workers.filter(({ state }) => state.phase === 'booting' || state.phase === 'ready');
    if (serving.length < pool.target || serving.some(({ generation }) => generation !== pool.generation)) return;
    if (serving.length > pool.target) throw new Broken('a second worker is replaced while the first one is');
    const leaves = [...processes.values()].some(({ asked, leaving, killed }) => asked && (leaving || killed));
    if (leaves) throw new Broken('a worker is replaced while another one, which asked for it too, still leaves');
  };

  const checkPause = () => {
    if (nowMs - abortedAtMs < ABORT_PAUSE_MS) throw new Broken('two workers are aborted for silence at once');
    abortedAtMs = nowMs;
  };

  const act = (action: ReturnType<typeof plan>['actions'][number]) => {
    if (action.type === 'spawn') checkPermit();
    if (action.type === 'abort') checkPause();
    feed(action);
    switch (action.type) {
      case 'spawn':
        if (pool.resting) throw new Broken(`worker ${action.workerId} was spawned while it rests`);
        if (processes.has(action.workerId)) throw new Broken(`worker ${action.workerId} was spawned twice`);
        processes.set(action.workerId, {
          ...{ stalled: false, leaving: false, killed: false, asked: false },
          quiet: action.quiet,
        });
        break;
      case 'admit':
        processOf(action.workerId).quiet = false;
        break;
      case 'drain':
      case 'abort':
        processOf(action.workerId).leaving = true;
        break;
      case 'kill':
        processOf(action.workerId).killed = true;
        break;
      case 'loadConfig':
        unheardHup = false;
        break;
      case 'exit':
        if (processes.size > 0) throw new Broken(`it exits with ${processes.size} processes left`);
        over = 'exit';
        break;
      case 'giveUp':
        over = 'giveUp';
        break;
    }
  };

  const processOf = (workerId: number): Process => {
    const found = processes.get(workerId);
    if (found === undefined) throw new Broken(`it acts on worker ${workerId}, which is gone`);
    return found;
  };

  /** What the arbiter does in a turn: plan and perform until there is nothing to do. */
  const turn = () => {
    for (let round = 0; over === 'no'; round += 1) {
      const { actions, wakeInMs } = plan(pool, limits, nowMs);
      if (actions.length === 0) {
        if (wakeInMs !== null && wakeInMs <= 0) throw new Broken('nothing to do, and yet it wants to wake at once');
        return check();
      }
      if (round > MOST_ROUNDS) throw new Broken(`it never comes to rest: ${JSON.stringify(actions)}`);
      for (const action of actions) act(action);
    }
  };

  const check = () => {
    if (pool.resting && pool.reload.phase !== 'idle') throw new Broken('it rests during a reload');
    const dying = pool.workers.filter(({ state }) => state.phase === 'draining' || state.phase === 'killed').length;
    const serving = pool.workers.length - dying;
    const most = allowedSize(pool) + limits.maxSurge;
    if (serving > most) throw new Broken(`${serving} processes boot or serve, and ${most} may`);
    const serves = pool.workers.some(({ id, state }) => state.phase === 'ready' && !processOf(id).quiet);
    if (pool.stop.mode === 'none' && readyCount(pool) > 0 && !serves) throw new Broken('nobody takes connections');
    if (pool.workers.length !== processes.size) throw new Broken('it lost count of its processes');
    for (const { id, state } of pool.workers) {
      if (state.phase === 'draining' && state.killAtMs < nowMs) throw new Broken(`worker ${id} outlived its deadline`);
    }
  };

  const living = () => [...processes.keys()];
  const exit = (workerId: number) => {
    processes.delete(workerId);
    feed({ type: 'exited', workerId });
  };
  const apply = (happening: Happening): void => {
    const nth = 'nth' in happening ? living()[happening.nth % Math.max(1, processes.size)] : undefined;
    const found = nth === undefined ? undefined : processes.get(nth);
    switch (happening.type) {
      case 'wait':
        nowMs += happening.ms;
        // Workers that are neither stalled nor gone have beaten meanwhile.
        for (const [workerId, { stalled }] of processes) if (!stalled) feed({ type: 'heartbeat', workerId });
        return;
      case 'hup':
        wantedTarget = happening.target;
        faulty = happening.faulty;
        unheardHup = true;
        return feed({ type: 'reloadRequested' });
      case 'loaded':
        if (pool.reload.phase !== 'loading') return;
        return feed(faulty ? { type: 'reloadRefused' } : { type: 'reloadLoaded', target: wantedTarget });
      case 'ttin':
        return feed({ type: 'targetChanged', by: 1 });
      case 'ttou':
        return feed({ type: 'targetChanged', by: -1 });
      case 'winch':
        return feed({ type: 'restRequested' });
      case 'wake':
        return feed({ type: 'woken' });
      case 'stop':
        return feed({ type: 'stopRequested', mode: happening.mode });
      case 'stallAll':
      case 'resumeAll':
        for (const process of processes.values()) process.stalled = happening.type === 'stallAll';
        return;
      case 'stoodStill':
        nowMs += 60_000;
        return feed({ type: 'stoodStill', forMs: 60_000 });
    }
    if (nth === undefined || found === undefined) return;
    if (happening.type === 'crash') return exit(nth);
    if (happening.type === 'stall') found.stalled = true;
    else if (happening.type === 'obey') {
      if (found.killed || (found.leaving && !found.stalled)) exit(nth);
    } else if (!found.stalled && !found.leaving) {
      if (happening.type === 'ready') return feed({ type: 'ready', workerId: nth });
      found.asked ||= pool.workers.some(({ id, state }) => id === nth && state.phase === 'ready');
      feed({
        type: 'recycleRequested',
        workerId: nth,
        why: happening.type === 'outgrow' ? 'maxMemory' : 'maxRequests',
      });
    }
  };

  turn();
  return {
    get pool() {
      return pool;
    },
    get nowMs() {
      return nowMs;
    },
    get over() {
      return over;
    },
    happen(happening) {
      if (over !== 'no') return;
      apply(happening);
      turn();
    },
    settle() {
      for (let round = 0; round < 1_000 && over === 'no'; round += 1) {
        const changes = pool.workers.some(({ state, recycling }) => state.phase !== 'ready' || recycling);
        const busy = changes || pool.reload.phase !== 'idle';
        const { wakeInMs } = plan(pool, limits, nowMs);
        if (!busy && readyCount(pool) === wantedCount(pool) && !processesStalled()) {
          if (unheardHup) throw new Broken('no configuration was read after the last HUP');
          return;
        }
        this.happen({ type: 'loaded' });
        for (let nth = 0; nth < processes.size; nth += 1) this.happen({ type: 'obey', nth });
        for (let nth = 0; nth < processes.size; nth += 1) {
          const id = living()[nth];
          const booting = pool.workers.some((worker) => worker.id === id && worker.state.phase === 'booting');
          if (booting) this.happen({ type: 'ready', nth });
        }
        this.happen({ type: 'wait', ms: wakeInMs ?? 1_000 });
      }
      if (over === 'no') throw new Broken(`it never came to rest: ${JSON.stringify(pool)}`);
    },
  };

  function processesStalled(): boolean {
    // Without a timeout nobody minds a worker that is ready and silent.
    return limits.timeoutMs !== null && [...processes.values()].some(({ stalled }) => stalled);
  }
}

/** How many are ready when all has come to rest. */
export function wantedCount({ target, resting }: Pool): number {
  return resting ? 0 : target;
}

export function readyCount(pool: Pool): number {
  return pool.workers.filter(({ state }) => state.phase === 'ready').length;
}
