import { type PoolLimits, plan } from '../../src/master/plan.ts';
import { type Action, createPool, type Pool, type PoolEvent, step } from '../../src/master/pool.ts';

/** Of a life that says nothing else. */
export const limits: PoolLimits = {
  ...{ maxSurge: 1, settleMs: 0 },
  ...{ bootTimeoutMs: 60_000, timeoutMs: 30_000, gracefulTimeoutMs: 30_000 },
};

/** A short life, told as a script: what happens, and what is done about it, in words. */
export function life(target: number, ours: Partial<PoolLimits> = {}) {
  let pool: Pool = createPool({ target, jitterSeed: 0 });
  let nowMs = 0;
  const settle = (): string[] => {
    const done: string[] = [];
    for (let round = 0; round < 20; round += 1) {
      const { actions } = plan(pool, { ...limits, ...ours }, nowMs);
      if (actions.length === 0) break;
      for (const action of actions) {
        done.push(inWords(action));
        pool = step(pool, action, nowMs);
        if (action.type === 'exit' || action.type === 'giveUp') return done;
      }
    }
    return done;
  };
  return {
    start: settle,
    after(...events: PoolEvent[]): string[] {
      for (const event of events) pool = step(pool, event, nowMs);
      return settle();
    },
    later(ms: number): string[] {
      nowMs += ms;
      return settle();
    },
    wakeInMs: () => plan(pool, { ...limits, ...ours }, nowMs).wakeInMs,
    get pool() {
      return pool;
    },
  };
}

/** `spawn 3 g2 quiet`, `admit 3`, `retire 1`, `kill 1 deadline`. */
function inWords(action: Action): string {
  switch (action.type) {
    case 'spawn':
      return `spawn ${action.workerId} g${action.generation}${action.quiet ? ' quiet' : ''}`;
    case 'admit':
      return `admit ${action.workerId}`;
    case 'drain':
      return `${action.mode} ${action.workerId}`;
    case 'abort':
      return `abort ${action.workerId}`;
    case 'kill':
      return `kill ${action.workerId} ${action.why}`;
    default:
      return action.type;
  }
}

export const ready = (workerId: number): PoolEvent => ({ type: 'ready', workerId });
export const exited = (workerId: number): PoolEvent => ({ type: 'exited', workerId });
export const hup: PoolEvent = { type: 'reloadRequested' };
export const loaded = (target: number): PoolEvent => ({ type: 'reloadLoaded', target });
