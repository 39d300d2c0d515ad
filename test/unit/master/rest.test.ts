import { expect } from 'chai';
import { type PoolLimits, plan } from '../../../src/master/plan.ts';
import { createPool, type Pool, type PoolEvent, step } from '../../../src/master/pool.ts';

const limits: PoolLimits = {
  ...{ maxSurge: 1, settleMs: 0 },
  ...{ bootTimeoutMs: 60_000, timeoutMs: 30_000, gracefulTimeoutMs: 30_000 },
};

/** Two workers, of which the first is ready and the second as told. */
function poolOf(second: 'ready' | 'booting'): Pool {
  const spawned = plan(createPool({ target: 2, jitterSeed: 0 }), limits, 0).actions.reduce(
    (pool, action) => step(pool, action, 0),
    createPool({ target: 2, jitterSeed: 0 }),
  );
  const first = step(spawned, { type: 'ready', workerId: 1 }, 0);
  return second === 'ready' ? step(first, { type: 'ready', workerId: 2 }, 0) : first;
}

function having(pool: Pool, ...events: PoolEvent[]): Pool {
  return events.reduce((current, event) => step(current, event, 0), pool);
}

const REST = { type: 'restRequested' } as const;
/** Both workers obey. */
const GONE: readonly PoolEvent[] = [1, 2].flatMap((workerId) => [
  { type: 'drain', workerId, mode: 'retire', killAtMs: 1 } as const,
  { type: 'exited', workerId } as const,
]);

describe('a pool that rests', () => {
  it('M14: lets ready workers retire and booting ones go, and starts none', () => {
    const { actions } = plan(having(poolOf('booting'), REST), limits, 0);
    expect(actions).to.deep.equal([
      { type: 'drain', workerId: 1, mode: 'retire', killAtMs: 30_000 },
      { type: 'drain', workerId: 2, mode: 'quick', killAtMs: 1_000 },
    ]);
    expect(plan(having(poolOf('ready'), REST, ...GONE), limits, 0)).to.deep.equal({ actions: [], wakeInMs: null });
  });

  it('M14: is woken to its target, to one worker by TTIN, and by a reload; TTOU changes nothing', () => {
    const resting = having(poolOf('ready'), REST, ...GONE);
    const spawns = (...events: PoolEvent[]) =>
      plan(having(resting, ...events), limits, 0).actions.filter(({ type }) => type === 'spawn').length;
    expect(spawns({ type: 'woken' })).to.equal(2);
    expect(spawns({ type: 'targetChanged', by: 1 })).to.equal(1);
    expect(spawns({ type: 'targetChanged', by: 1 }, { type: 'targetChanged', by: 1 })).to.equal(2);
    expect(spawns({ type: 'targetChanged', by: -1 })).to.equal(0);
    expect(spawns({ type: 'reloadRequested' }, { type: 'reloadRefused' })).to.equal(2);
  });

  it('M14: does not come to rest before a worker was ready, nor in a reload', () => {
    const early = createPool({ target: 1, jitterSeed: 0 });
    expect(having(early, REST).resting).to.equal(false);
    expect(having(poolOf('ready'), { type: 'reloadRequested' }, REST).resting).to.equal(false);
  });

  it('stops as any other', () => {
    const stopping = having(poolOf('ready'), REST, { type: 'stopRequested', mode: 'stop' });
    expect(plan(stopping, limits, 0).actions.map(({ type }) => type)).to.deep.equal(['drain', 'drain']);
    expect(plan(having(stopping, ...GONE), limits, 0).actions).to.deep.equal([{ type: 'exit' }]);
  });
});
