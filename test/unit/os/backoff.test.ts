import { expect } from 'chai';
import { backoffMs } from '../../../src/os/backoff.ts';
import fc from '../../support/random.ts';

describe('backoffMs', () => {
  it('waits for nothing after the first failure, then doubles from half a second up to 30 s', () => {
    const waits = [0, 1, 2, 3, 4, 7, 8, 9, 50].map((failures) => backoffMs(failures, 0));
    expect(waits).to.deep.equal([0, 0, 500, 1_000, 2_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('takes off up to half by jitter, and never more', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 2_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (failures, jitter) => {
          const fullMs = backoffMs(failures, 0);
          expect(backoffMs(failures, jitter)).to.be.within(fullMs / 2, fullMs);
        },
      ),
    );
  });
});
