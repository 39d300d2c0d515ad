import { expect } from 'chai';
import fc from 'fast-check';
import type { PoolLimits } from '../../src/master/plan.ts';
import { createWorld, type Happening, readyCount, wantedCount } from './pool-world.ts';

/** 20,000 in `npm test`, more in `npm run soak`. */
const HISTORIES = Number(process.env.TSUNICORN_POOL_HISTORIES ?? 20_000);

const nth = fc.nat({ max: 12 });
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('ready' as const), nth }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('crash', 'stall', 'recycle', 'outgrow'), nth }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('obey' as const), nth }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('hup' as const),
      target: fc.integer({ min: 1, max: 5 }),
      faulty: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('ttin', 'ttou', 'loaded', 'stoodStill') }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('winch', 'wake') }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('stallAll', 'resumeAll') }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('stop' as const),
      mode: fc.constantFrom('stop' as const, 'quick' as const),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 40_000 }) }) },
);

const limits: fc.Arbitrary<PoolLimits> = fc.record({
  maxSurge: fc.integer({ min: 1, max: 3 }),
  settleMs: fc.constantFrom(0, 1_000, 20_000),
  bootTimeoutMs: fc.constantFrom(1_000, 60_000),
  timeoutMs: fc.constantFrom(null, 2_000, 30_000),
  gracefulTimeoutMs: fc.constantFrom(0, 500, 30_000),
});

describe('the pool, over random histories', () => {
  it('keeps its promises at every step and comes to rest', function () {
    this.timeout(HISTORIES * 10);
    const history = fc.record({
      target: fc.integer({ min: 1, max: 5 }),
      limits,
      happenings: fc.array(happening, { maxLength: 60 }),
    });
    fc.assert(
      fc.property(history, ({ target, limits: ours, happenings }) => {
        const world = createWorld({ target, limits: ours });
        for (const each of happenings) world.happen(each);
        world.settle();
        if (world.over !== 'no') return;
        expect(readyCount(world.pool), 'ready workers at rest').to.equal(wantedCount(world.pool));
        if (world.pool.resting) return;
        const generations = new Set(world.pool.workers.map(({ generation }) => generation));
        expect([...generations], 'generations at rest').to.deep.equal([world.pool.generation]);
      }),
      { numRuns: HISTORIES },
    );
  });
});
