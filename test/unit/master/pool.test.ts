import { expect } from 'chai';
import { type PoolEvent, step } from '../../../src/master/pool.ts';
import { exited, hup, life, limits, loaded, ready } from '../../support/pool-life.ts';

describe('plan', () => {
  it('starts the target at once, and says when all are ready', () => {
    const server = life(2);
    expect(server.start()).to.deep.equal(['spawn 1 g1', 'spawn 2 g1']);
    expect(server.after(ready(1))).to.deep.equal([]);
    expect(server.after(ready(2))).to.deep.equal(['announceReady']);
  });

  it('reloads one worker at a time, ready before drained', () => {
    const server = life(2);
    server.start();
    server.after(ready(1), ready(2));
    expect(server.after(hup)).to.deep.equal(['loadConfig']);
    expect(server.after(loaded(2))).to.deep.equal(['spawn 3 g2']);
    expect(server.after(ready(3))).to.deep.equal(['trust', 'retire 1', 'spawn 4 g2']);
    expect(server.after(ready(4))).to.deep.equal(['retire 2', 'finishReload']);
    expect(server.after(exited(1), exited(2))).to.deep.equal([]);
  });

  it('runs a HUP that came during a reload after it, once', () => {
    const server = life(1);
    server.start();
    server.after(ready(1));
    server.after(hup, hup);
    expect(server.after(loaded(1), hup, hup)).to.deep.equal(['spawn 2 g2']);
    expect(server.after(ready(2))).to.deep.equal(['trust', 'retire 1', 'finishReload', 'loadConfig']);
    expect(server.after({ type: 'reloadRefused' })).to.deep.equal([]);
  });

  it('goes back to the old generation when the first new worker fails, and leaves the old ones alone', () => {
    const server = life(2);
    server.start();
    server.after(ready(1), ready(2));
    server.after(hup);
    server.after(loaded(5));
    expect(server.after(exited(3))).to.deep.equal(['abortReload']);
    expect(server.pool.target).to.equal(2);
    expect(server.after(hup)).to.deep.equal(['loadConfig']);
    expect(server.after(loaded(2))).to.deep.equal(['spawn 4 g3']);
  });

  describe('with settleTime', () => {
    const rolling = () => {
      const server = life(2, { settleMs: 1_000, timeoutMs: null });
      server.start();
      server.after(ready(1), ready(2), hup);
      expect(server.after(loaded(2))).to.deep.equal(['spawn 3 g2 quiet']);
      expect(server.after(ready(3))).to.deep.equal([]);
      return server;
    };

    it('shows the first new worker no client until it has lived for it, and lets nobody leave until it has lived on as long', () => {
      const server = rolling();
      expect(server.wakeInMs()).to.equal(1_000);
      expect(server.later(999)).to.deep.equal([]);
      expect(server.later(1)).to.deep.equal(['admit 3']);
      expect(server.wakeInMs()).to.equal(1_000);
      expect(server.later(999)).to.deep.equal([]);
      expect(server.later(1)).to.deep.equal(['trust', 'retire 1', 'spawn 4 g2']);
    });

    it('goes back when the first new worker asks to be replaced before it had a client, and not after', () => {
      const recycle: PoolEvent = { type: 'recycleRequested', workerId: 3, why: 'unhandledRejection' };
      expect(rolling().after(recycle)).to.deep.equal(['abortReload', 'retire 3']);
      const server = rolling();
      server.later(1_000);
      expect(server.after(recycle)).to.deep.equal([]);
    });

    it('finds room for the first of fewer workers, and lets the others go only then', () => {
      const server = life(3, { settleMs: 1_000 });
      server.start();
      server.after(ready(1), ready(2), ready(3), hup);
      expect(server.after(loaded(1))).to.deep.equal(['spawn 4 g2 quiet']);
      expect(server.after(ready(4))).to.deep.equal([]);
      expect(server.later(1_000)).to.deep.equal(['admit 4']);
      expect(server.later(1_000)).to.deep.equal(['trust', 'retire 1', 'retire 2', 'retire 3', 'finishReload']);
    });

    it('is of no account to a server that stops', () => {
      const server = life(1, { settleMs: 5_000 });
      server.start();
      server.after(ready(1), hup);
      server.after(loaded(1));
      server.after(ready(2));
      server.after({ type: 'stopRequested', mode: 'stop' });
      expect(server.wakeInMs()).to.equal(limits.gracefulTimeoutMs);
    });

    for (const livedMs of [500, 1_500]) {
      it(`goes back to the old generation when it ends after ${livedMs} ms`, () => {
        const server = rolling();
        server.later(Math.min(livedMs, 1_000));
        server.later(livedMs - Math.min(livedMs, 1_000));
        expect(server.after(exited(3))).to.deep.equal(['abortReload']);
        expect(server.pool.generation).to.equal(1);
        expect(server.later(60_000)).to.deep.equal([]);
      });
    }

    it('goes back when it falls silent before that', () => {
      const server = life(1, { settleMs: 5_000, timeoutMs: 2_000 });
      server.start();
      server.after(ready(1), hup);
      server.after(loaded(1));
      server.after(ready(2));
      server.later(1_000);
      server.after({ type: 'heartbeat', workerId: 1 });
      expect(server.later(1_000)).to.deep.equal(['abort 2', 'abortReload']);
      expect(server.pool.generation).to.equal(1);
    });

    it('shows clients to the last one standing at once, and does not take it for the whole reload', () => {
      const server = rolling();
      expect(server.after(exited(1), exited(2))).to.deep.equal(['admit 3']);
      expect(server.pool.reload.phase).to.equal('rolling');
      expect(server.later(1_000)).to.deep.equal(['trust', 'spawn 4 g2']);
    });

    it('keeps a HUP waiting, and TERM not', () => {
      const server = rolling();
      expect(server.after(hup)).to.deep.equal([]);
      expect(server.after({ type: 'stopRequested', mode: 'stop' })).to.deep.equal(['stop 1', 'stop 2', 'stop 3']);
    });
  });

  it('lets a new HUP through when a reload keeps failing after its first worker', () => {
    const server = life(2);
    server.start();
    server.after(ready(1), ready(2), hup);
    server.after(loaded(2));
    server.after(ready(3));
    expect(server.after(exited(4))).to.deep.equal(['spawn 5 g2']);
    expect(server.after(exited(5))).to.deep.equal([]);
    expect(server.after(hup)).to.deep.equal(['finishReload', 'loadConfig']);
  });

  it('lets the oldest leave on TTOU, and never the last', () => {
    const server = life(2);
    server.start();
    server.after(ready(1), ready(2));
    expect(server.after({ type: 'targetChanged', by: -1 })).to.deep.equal(['retire 1']);
    expect(server.after({ type: 'targetChanged', by: -1 })).to.deep.equal([]);
    expect(server.after({ type: 'targetChanged', by: 1 })).to.deep.equal(['spawn 3 g1']);
  });

  it('aborts a silent worker at timeout, replaces it at once, and kills it a second later', () => {
    const server = life(1, { timeoutMs: 2_000 });
    server.start();
    server.after(ready(1));
    expect(server.wakeInMs()).to.equal(2_000);
    expect(server.later(1_999)).to.deep.equal([]);
    expect(server.later(1)).to.deep.equal(['abort 1', 'spawn 2 g1']);
    expect(server.later(1_000)).to.deep.equal(['kill 1 deadline']);
    expect(server.later(10)).to.deep.equal([]);
  });

  it('kills a worker that is not ready within bootTimeout', () => {
    const server = life(1, { bootTimeoutMs: 500 });
    server.start();
    expect(server.later(500)).to.deep.equal(['kill 1 bootTimeout']);
    expect(server.after(exited(1))).to.deep.equal(['giveUp']);
  });

  it('replaces the first crash at once and the next ones later and later', () => {
    const server = life(1);
    server.start();
    server.after(ready(1));
    expect(server.after(exited(1))).to.deep.equal(['spawn 2 g1']);
    expect(server.after(exited(2))).to.deep.equal([]);
    const waitMs = server.wakeInMs() ?? 0;
    expect(waitMs).to.be.within(250, 500);
    expect(server.later(waitMs)).to.deep.equal(['spawn 3 g1']);
  });

  it('forgets failures after a calm time', () => {
    const server = life(1, { timeoutMs: null });
    server.start();
    server.after(ready(1));
    server.after(exited(1));
    server.after(ready(2));
    server.later(40_000);
    expect(server.after(exited(2))).to.deep.equal(['spawn 3 g1']);
    expect(server.pool.backoff.failures).to.equal(1);
  });

  it('gives up when no worker was ever ready, after the last of them failed', () => {
    const server = life(2);
    server.start();
    expect(server.after(exited(1))).to.deep.equal([]);
    expect(server.after(exited(2))).to.deep.equal(['giveUp']);
  });

  it('never gives up once a worker was ready', () => {
    const server = life(1);
    server.start();
    server.after(ready(1));
    server.after(exited(1));
    server.after(exited(2));
    expect(server.later(30_000)).to.deep.equal(['spawn 3 g1']);
  });

  it('stops in peace on TERM, quickly on the second, at once on the third', () => {
    const server = life(1);
    server.start();
    server.after(ready(1));
    const term: PoolEvent = { type: 'stopRequested', mode: 'stop' };
    expect(server.after(term)).to.deep.equal(['stop 1']);
    server.later(500);
    expect(server.after(term)).to.deep.equal(['quick 1']);
    server.later(500);
    expect(server.after(term)).to.deep.equal(['kill 1 hurried']);
    expect(server.after(exited(1))).to.deep.equal(['exit']);
  });

  it('ends a reload at once when it is told to stop', () => {
    const server = life(1);
    server.start();
    server.after(ready(1), hup);
    server.after(loaded(1));
    expect(server.after({ type: 'stopRequested', mode: 'stop' })).to.deep.equal(['stop 1', 'stop 2']);
  });

  it('takes nobody for silent after the master stood still', () => {
    const server = life(1, { timeoutMs: 2_000 });
    server.start();
    server.after(ready(1));
    expect(server.after({ type: 'stoodStill', forMs: 60_000 })).to.deep.equal([]);
    expect(server.later(60_000)).to.deep.equal([]);
  });
});

describe('step', () => {
  it('takes one intention for one: a signal that came twice, as from a terminal through npm, does not hurry a stop', () => {
    const server = life(1);
    server.start();
    server.after(ready(1));
    const int: PoolEvent = { type: 'stopRequested', mode: 'quick' };
    expect(server.after(int, int)).to.deep.equal(['quick 1']);
  });

  it('ignores workers that are gone', () => {
    const server = life(1);
    server.start();
    const before = server.pool;
    for (const event of [ready(9), exited(9), { type: 'heartbeat', workerId: 9 } as const]) {
      expect(step(before, event, 0).workers).to.deep.equal(before.workers);
    }
  });
});
