import { unreachable } from '../errors.ts';
import type { Pool, PoolEvent } from './pool.ts';
import type { Reload } from './reload-state.ts';

type ReloadEvent = Extract<
  PoolEvent,
  {
    type:
      | 'reloadRequested'
      | 'loadConfig'
      | 'reloadLoaded'
      | 'reloadRefused'
      | 'admit'
      | 'trust'
      | 'finishReload'
      | 'abortReload';
  }
>;

/** The pool after something of a reload; what comes too late to matter changes nothing. */
export function stepReload(pool: Pool, event: ReloadEvent, nowMs: number): Pool {
  const { reload } = pool;
  const after: Reload = 'again' in reload && reload.again ? { phase: 'requested' } : { phase: 'idle' };
  switch (event.type) {
    case 'reloadRequested':
      return {
        ...pool,
        resting: false,
        reload: 'again' in reload ? { ...reload, again: true } : { phase: 'requested' },
      };
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
    case 'admit':
      if (reload.phase !== 'rolling' || reload.trial.verdict !== 'settling') return pool;
      return { ...pool, reload: { ...reload, trial: { verdict: 'admitted', sinceMs: nowMs } } };
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
