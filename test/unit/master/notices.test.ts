import { expect } from 'chai';
import { noticesOf, toldNothing } from '../../../src/master/notices.ts';
import { createPool, type Pool, type PoolEvent, type PoolWorker, step } from '../../../src/master/pool.ts';

/** A service manager that is told of one pool after the other, each long after the last. */
function listener() {
  let told = toldNothing;
  let nowMs = 0;
  return {
    hear(pool: Pool, { afterMs = 1_000 } = {}): string[] {
      nowMs += afterMs;
      const news = noticesOf(told, pool, { nowMs, monotonicUsec: BigInt(nowMs) * 1_000n });
      told = news.told;
      return news.notices.map((notice) =>
        Object.entries(notice)
          .map(([name, value]) => `${name}=${value}`)
          .join(' '),
      );
    },
  };
}

const workers = (count: number, generation = 1, phase: 'ready' | 'booting' = 'ready'): PoolWorker[] =>
  Array.from({ length: count }, (_, index) => ({
    id: 10 * generation + index,
    generation,
    recycling: false,
    state:
      phase === 'ready' ? { phase, readyAtMs: 0, heartbeatMs: 0 } : { phase: 'booting' as const, bootDeadlineMs: 0 },
  }));
const starting = createPool({ target: 2, jitterSeed: 0 });
const serving: Pool = { ...starting, workers: workers(2), everReady: true, announced: true };
const following = (pool: Pool, ...events: PoolEvent[]): Pool =>
  events.reduce((before, event) => step(before, event, 0), pool);
const loading = following(serving, { type: 'reloadRequested' }, { type: 'loadConfig' });
const rolling = following(loading, { type: 'reloadLoaded', target: 2 });
const COUNT = '2 workers ready';
const FAILED = `${COUNT}; the last reload failed, see the log`;

describe('noticesOf', () => {
  it('is READY=1 when the whole target was ready, and not before', () => {
    const manager = listener();
    expect(manager.hear(starting)).to.deep.equal(['STATUS=Starting: 0 of 2 workers ready']);
    const half = { ...starting, workers: [...workers(1), ...workers(1, 2, 'booting')] };
    expect(manager.hear(half)).to.deep.equal(['STATUS=Starting: 1 of 2 workers ready']);
    expect(manager.hear(half)).to.deep.equal([]);
    expect(manager.hear(serving)).to.deep.equal([`READY=1 STATUS=${COUNT}`]);
    expect(manager.hear(serving)).to.deep.equal([]);
  });

  it('keeps STATUS true, but does not tell a crash loop step by step', () => {
    const manager = listener();
    manager.hear(serving);
    const [one, none] = [1, 0].map((count) => ({ ...serving, workers: workers(count) }));
    expect(manager.hear(one ?? serving)).to.deep.equal(['STATUS=1 of 2 workers ready']);
    expect(manager.hear(none ?? serving, { afterMs: 400 })).to.deep.equal([]);
    expect(manager.hear(none ?? serving, { afterMs: 100 })).to.deep.equal(['STATUS=0 of 2 workers ready']);
    expect(manager.hear({ ...serving, target: 1, workers: workers(1) })).to.deep.equal(['STATUS=1 worker ready']);
  });

  it('is RELOADING=1 when a reload is asked for, and READY=1 when it is done', () => {
    const manager = listener();
    manager.hear(serving);
    const requested = following(serving, { type: 'reloadRequested' });
    const begins = `RELOADING=1 MONOTONIC_USEC=2000000 STATUS=Reloading: ${COUNT}`;
    expect(manager.hear(requested)).to.deep.equal([begins]);
    expect(manager.hear(loading)).to.deep.equal([]);
    expect(manager.hear(rolling)).to.deep.equal([]);
    expect(manager.hear({ ...rolling, workers: workers(3) })).to.deep.equal(['STATUS=Reloading: 3 workers ready']);
    const done = following(rolling, { type: 'finishReload', complete: true });
    expect(manager.hear(done)).to.deep.equal([`READY=1 STATUS=${COUNT}`]);
  });

  it('is READY=1 also when the reload failed, and says so until another one is done', () => {
    for (const end of [following(loading, { type: 'reloadRefused' }), following(rolling, { type: 'abortReload' })]) {
      const manager = listener();
      manager.hear(serving);
      manager.hear(loading);
      if (end.lastGeneration > 1) manager.hear(rolling);
      expect(manager.hear(end)).to.deep.equal([`READY=1 STATUS=${FAILED}`]);
      manager.hear(following(end, { type: 'reloadRequested' }));
      const again = following(end, { type: 'reloadRequested' }, { type: 'loadConfig' });
      const second = following(again, { type: 'reloadLoaded', target: 2 });
      manager.hear(second);
      const done = following(second, { type: 'finishReload', complete: true });
      expect(manager.hear(done)).to.deep.equal([`READY=1 STATUS=${COUNT}`]);
    }
  });

  it('ends a reload before it tells of the one that was asked for meanwhile', () => {
    const queued: readonly Pool[] = [
      following(loading, { type: 'reloadRequested' }, { type: 'reloadRefused' }),
      following(rolling, { type: 'reloadRequested' }, { type: 'finishReload', complete: false }),
    ];
    for (const requested of queued) {
      const manager = listener();
      manager.hear(serving);
      manager.hear(loading);
      expect(requested.reload.phase).to.equal('requested');
      expect(manager.hear(requested).map((notice) => notice.split(' ').slice(0, 2).join(' '))).to.deep.equal([
        'READY=1',
        'RELOADING=1 MONOTONIC_USEC=3000000',
      ]);
    }
  });

  it('does not take a reload that was asked for during the start for one that failed', () => {
    const manager = listener();
    const early = { ...rolling, announced: false };
    manager.hear({ ...loading, announced: false });
    expect(manager.hear(early)).to.deep.equal([]);
    manager.hear(rolling);
    const done = following(rolling, { type: 'finishReload', complete: true });
    expect(manager.hear(done)).to.deep.equal([`READY=1 STATUS=${COUNT}`]);
  });

  it('is STOPPING=1 once, whatever was under way', () => {
    for (const pool of [starting, serving, loading, rolling]) {
      const manager = listener();
      manager.hear(pool);
      const stopping = following(pool, { type: 'stopRequested', mode: 'stop' });
      const left = stopping.workers.length;
      expect(manager.hear(stopping).at(-1)).to.equal(`STOPPING=1 STATUS=Stopping: ${left} workers left`);
      expect(manager.hear({ ...stopping, workers: workers(1) })).to.deep.equal(['STATUS=Stopping: 1 worker left']);
    }
  });
});
