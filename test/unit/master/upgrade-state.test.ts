import { expect } from 'chai';
import { createPool, type Pool, step } from '../../../src/master/pool.ts';
import {
  reloadRefusal,
  restRefusal,
  stepUpgrade,
  type Upgrade,
  type UpgradeEvent,
  upgradeRefusal,
} from '../../../src/master/upgrade-state.ts';

const NONE: Upgrade = { phase: 'none' };
const PID = 4711;

/** One worker, which is ready. */
function servingPool(): Pool {
  const spawned = step(
    createPool({ target: 1, jitterSeed: 0 }),
    { type: 'spawn', workerId: 1, generation: 1, bootDeadlineMs: 1, quiet: false },
    0,
  );
  return step(spawned, { type: 'ready', workerId: 1 }, 0);
}

function made(...types: UpgradeEvent['type'][]): Upgrade {
  return types.reduce<Upgrade>(
    (upgrade, type) => stepUpgrade(upgrade, type === 'spawned' ? { type, pid: PID } : { type }),
    NONE,
  );
}

describe('stepUpgrade', () => {
  const cases: readonly [UpgradeEvent['type'][], Upgrade['phase']][] = [
    [['requested'], 'preparing'],
    [['requested', 'over'], 'none'],
    [['requested', 'spawned'], 'starting'],
    [['requested', 'spawned', 'ready'], 'running'],
    [['requested', 'spawned', 'ready', 'overdue'], 'running'],
    [['requested', 'spawned', 'ready', 'over'], 'none'],
    [['requested', 'spawned', 'overdue'], 'ending'],
    [['requested', 'spawned', 'overdue', 'ready'], 'ending'],
    [['requested', 'spawned', 'requested'], 'starting'],
    [['ready'], 'none'],
    [['spawned'], 'none'],
    [['overdue'], 'none'],
  ];
  for (const [types, phase] of cases) {
    it(`is ${phase} after ${types.join(', ')}`, () => expect(made(...types).phase).to.equal(phase));
  }
});

describe('upgradeRefusal', () => {
  const refusal = (facts: Partial<Parameters<typeof upgradeRefusal>[0]>) =>
    upgradeRefusal({ upgrade: NONE, pool: servingPool(), oldMasterPid: null, ...facts });

  it('is none for a server that serves, and for one that rests', () => {
    expect(refusal({})).to.equal(null);
    expect(refusal({ pool: step(servingPool(), { type: 'restRequested' }, 0) })).to.equal(null);
  });

  it('names what is in the way', () => {
    const reload = step(servingPool(), { type: 'reloadRequested' }, 0);
    const stop = step(servingPool(), { type: 'stopRequested', mode: 'stop' }, 0);
    expect(refusal({ pool: createPool({ target: 1, jitterSeed: 0 }) })).to.equal('no worker was ready yet');
    expect(refusal({ pool: reload })).to.include('a reload is under way');
    expect(refusal({ pool: stop })).to.equal('the server is stopping');
    expect(refusal({ upgrade: made('requested') })).to.include('begins at this moment');
    expect(refusal({ upgrade: made('requested', 'spawned') })).to.include(`(process ${PID}) of another upgrade is on`);
    expect(refusal({ upgrade: made('requested', 'spawned', 'ready') })).to.include('of another upgrade runs');
    expect(refusal({ oldMasterPid: PID })).to.include(`the master before this one (process ${PID}) still runs`);
  });
});

describe('reloadRefusal', () => {
  it('is none unless there is an upgrade', () => {
    expect(reloadRefusal(NONE)).to.equal(null);
    expect(reloadRefusal(made('requested'))).to.include('an upgrade is under way');
  });
});

describe('restRefusal', () => {
  it('is none while a server serves, and names what is in the way', () => {
    expect(restRefusal(servingPool())).to.equal(null);
    expect(restRefusal(createPool({ target: 1, jitterSeed: 0 }))).to.equal('no worker was ready yet');
    expect(restRefusal(step(servingPool(), { type: 'reloadRequested' }, 0))).to.include('a reload is under way');
    expect(restRefusal(step(servingPool(), { type: 'stopRequested', mode: 'quick' }, 0))).to.include('is stopping');
  });
});
