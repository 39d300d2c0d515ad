import { expect } from 'chai';
import type { PoolEvent } from '../../../src/master/pool.ts';
import { exited, hup, life, loaded, ready } from '../../support/pool-life.ts';

const recycle = (workerId: number): PoolEvent => ({ type: 'recycleRequested', workerId, why: 'maxRequests' });
const outgrown = (workerId: number): PoolEvent => ({ type: 'recycleRequested', workerId, why: 'maxMemory' });

/** Three workers that are ready. */
function three(ours: Parameters<typeof life>[1] = {}) {
  const server = life(3, { timeoutMs: null, ...ours });
  server.start();
  server.after(ready(1), ready(2), ready(3));
  return server;
}

describe('plan, of workers that ask to be replaced', () => {
  it('has the replacement ready first, and lets the next one leave when the last is gone', () => {
    const server = three({ maxSurge: 3 });
    expect(server.after(recycle(1), recycle(2), recycle(3))).to.deep.equal(['spawn 4 g1']);
    expect(server.after(ready(4))).to.deep.equal(['retire 1']);
    expect(server.after(exited(1))).to.deep.equal(['spawn 5 g1']);
    expect(server.after(ready(5))).to.deep.equal(['retire 2']);
    expect(server.after(exited(2))).to.deep.equal(['spawn 6 g1']);
    expect(server.after(ready(6))).to.deep.equal(['retire 3']);
    expect(server.after(exited(3))).to.deep.equal([]);
  });

  it('has one permit for all reasons', () => {
    const server = three();
    server.later(5_000);
    expect(server.after(recycle(1), outgrown(2))).to.deep.equal(['spawn 4 g1']);
    expect(server.after(ready(4))).to.deep.equal(['retire 1']);
    expect(server.after(exited(1))).to.deep.equal(['spawn 5 g1']);
  });

  it('keeps the target ready through a crash meanwhile', () => {
    const server = three();
    server.later(5_000);
    expect(server.after(recycle(1))).to.deep.equal(['spawn 4 g1']);
    expect(server.after(exited(2))).to.deep.equal(['spawn 5 g1']);
    expect(server.after(ready(4))).to.deep.equal([]);
    expect(server.after(ready(5))).to.deep.equal(['retire 1']);
  });

  it('lets TTOU take the one that leaves anyway', () => {
    const server = three();
    expect(server.after(recycle(2))).to.deep.equal(['spawn 4 g1']);
    const ttou: PoolEvent = { type: 'targetChanged', by: -1 };
    expect(server.after(ttou)).to.deep.equal(['quick 4', 'retire 2']);
    expect(server.after(exited(4), exited(2))).to.deep.equal([]);
  });

  it('waits while a reload tries its first worker, which is replaced as others once it is proven', () => {
    const server = three({ settleMs: 1_000, maxSurge: 2 });
    server.after(hup);
    expect(server.after(loaded(3))).to.deep.equal(['spawn 4 g2 quiet']);
    expect(server.after(ready(4), recycle(1))).to.deep.equal([]);
    expect(server.later(1_000)).to.deep.equal(['admit 4']);
    expect(server.after(recycle(4))).to.deep.equal([]);
    expect(server.later(1_000)).to.deep.equal(['trust', 'retire 1', 'spawn 5 g2', 'spawn 6 g2']);
  });

  it('goes back to the old generation when the first new worker needs more than maxMemory, or lets an exception escape', () => {
    for (const why of ['maxMemory', 'uncaughtException', 'unhandledRejection'] as const) {
      const server = three({ settleMs: 10_000 });
      server.after(hup);
      server.after(loaded(3));
      server.after(ready(4));
      server.later(5_000);
      expect(server.after({ type: 'recycleRequested', workerId: 4, why }), why).to.deep.equal([
        'abortReload',
        'retire 4',
      ]);
    }
  });

  it('goes slower and slower where fresh workers are above maxMemory at once', () => {
    const server = three();
    server.later(5_000);
    expect(server.after(outgrown(1))).to.deep.equal(['spawn 4 g1']);
    const pausesMs: number[] = [];
    let leaves = 1;
    for (const fresh of [4, 5, 6, 7, 8]) {
      server.after(ready(fresh), outgrown(fresh));
      const atOnce = server.after(exited(leaves));
      const pauseMs = atOnce.length > 0 ? 0 : (server.wakeInMs() ?? 0);
      expect(pauseMs === 0 ? atOnce : server.later(pauseMs)).to.deep.equal([`spawn ${fresh + 1} g1`]);
      pausesMs.push(pauseMs);
      leaves = fresh;
    }
    const [first, ...others] = pausesMs;
    expect(first).to.equal(0);
    for (const [index, pauseMs] of others.entries()) expect(pauseMs).to.be.within(250 * 2 ** index, 500 * 2 ** index);
  });

  it('does not slow down for maxRequests, which somebody wanted', () => {
    const server = three();
    for (let fresh = 4; fresh <= 9; fresh += 1) {
      expect(server.after(recycle(fresh - 1))).to.deep.equal([`spawn ${fresh} g1`]);
      expect(server.after(ready(fresh))).to.deep.equal([`retire ${fresh - 1}`]);
      expect(server.after(exited(fresh - 1))).to.deep.equal([]);
    }
  });
});

describe('plan, of several silent workers', () => {
  it('aborts one, and the next only when it has not beaten again a second later', () => {
    const server = life(4, { timeoutMs: 2_000 });
    server.start();
    server.after(ready(1), ready(2), ready(3), ready(4));
    server.later(100);
    const beat = (workerId: number): PoolEvent => ({ type: 'heartbeat', workerId });
    server.after(beat(1), beat(3), beat(4));
    // The second has been silent for longest.
    expect(server.later(2_000)).to.deep.equal(['abort 2', 'spawn 5 g1']);
    expect(server.after(ready(5))).to.deep.equal([]);
    expect(server.wakeInMs()).to.equal(1_000);
    expect(server.after(beat(3), exited(2))).to.deep.equal([]);
    expect(server.later(999)).to.deep.equal([]);
    expect(server.later(1)).to.deep.equal(['abort 1', 'spawn 6 g1']);
    expect(server.pool.workers.find(({ id }) => id === 4)?.state.phase).to.equal('ready');
  });
});

describe('step, of workers that die together', () => {
  it('takes them for one failure, however many they are', () => {
    const server = life(32);
    server.start();
    const all = Array.from({ length: 32 }, (_, index) => index + 1);
    server.after(...all.map(ready));
    server.after(...all.map(exited));
    expect(server.pool.backoff.failures).to.equal(2);
    expect(server.wakeInMs()).to.be.at.most(500);
    expect(server.later(500)).to.have.length(32);
  });
});
