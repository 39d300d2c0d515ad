import { expect } from 'chai';
import { isCrowded, type PoolLimits, plan } from '../../../src/master/plan.ts';
import { createPool, type Pool, type PoolEvent, step } from '../../../src/master/pool.ts';

const limits: PoolLimits = {
  ...{ maxSurge: 1, settleMs: 0 },
  ...{ bootTimeoutMs: 60_000, timeoutMs: 30_000, gracefulTimeoutMs: 30_000 },
};

/** The pool after these events, each of which was followed by all that the plan asks for. */
function lived(start: Pool, events: readonly PoolEvent[], nowMs = 0): Pool {
  const settled = (pool: Pool): Pool => {
    const { actions } = plan(pool, limits, nowMs);
    return actions.length === 0 ? pool : settled(actions.reduce((next, action) => step(next, action, nowMs), pool));
  };
  return events.reduce((pool, event) => settled(step(pool, event, nowMs)), settled(start));
}

const ready = (workerId: number): PoolEvent => ({ type: 'ready', workerId });
const phases = (pool: Pool) => pool.workers.map(({ id, state }) => `${id} ${state.phase}`);

describe('a worker that closed its channel', () => {
  it('counts as dead, and as a failure: another is started, and it is killed when its time is over', () => {
    const closed: PoolEvent = { type: 'unreachable', workerId: 1, killAtMs: 5_000 };
    const pool = lived(createPool({ target: 2, jitterSeed: 0 }), [ready(1), ready(2), closed, ready(3)]);
    expect(phases(pool)).to.deep.equal(['1 killed', '2 ready', '3 ready']);
    expect(pool.backoff.failures).to.equal(1);
    expect(plan(pool, limits, 4_999).actions).to.deep.equal([]);
    expect(plan(pool, limits, 5_000).actions).to.deep.equal([{ type: 'kill', workerId: 1, why: 'deadline' }]);
  });
});

describe('isCrowded', () => {
  it('makes a reload wait while two generations have not left, and no longer', () => {
    const turn = (worker: number): PoolEvent[] => [
      { type: 'reloadRequested' },
      { type: 'reloadLoaded', target: 1 },
      ready(worker),
    ];
    const one = lived(createPool({ target: 1, jitterSeed: 0 }), [ready(1), ...turn(2)]);
    expect(phases(one)).to.deep.equal(['1 draining', '2 ready']);
    expect(isCrowded(one)).to.equal(false);
    const two = lived(one, [...turn(3), { type: 'reloadRequested' }]);
    expect(phases(two)).to.deep.equal(['1 draining', '2 draining', '3 ready']);
    expect(isCrowded(two)).to.equal(true);
    expect(two.reload.phase).to.equal('requested');
    expect(lived(two, [{ type: 'exited', workerId: 1 }]).reload.phase).to.equal('loading');
  });
});
