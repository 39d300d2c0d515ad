import { expect } from 'chai';
import { createRound } from '../../../src/http/round.ts';

const ENDING_MS = 3;

interface Ending {
  judge(): boolean;
}

/** Takes longer to end than a turn of the loop may, and is gone then. */
function addSlowToEnd(all: Set<Ending>, ended: () => void): void {
  const ending = {
    judge() {
      const untilMs = performance.now() + ENDING_MS;
      while (performance.now() < untilMs);
      all.delete(ending);
      ended();
      return true;
    },
  };
  all.add(ending);
}

describe('createRound', () => {
  it('judges all at once where nothing is to be done', () => {
    let judged = 0;
    const one = () => ({
      judge() {
        judged += 1;
        return false;
      },
    });
    createRound(new Set([one(), one(), one()]))();
    expect(judged).to.equal(3);
  });

  it('gives others a turn while it ends many, and can be begun again', async () => {
    const all = new Set<Ending>();
    const round = createRound(all);
    for (let time = 0; time < 2; time += 1) {
      let ended = 0;
      for (let count = 0; count < 3; count += 1) {
        addSlowToEnd(all, () => {
          ended += 1;
        });
      }
      round();
      // It is under way: this one is passed over.
      round();
      expect(ended).to.equal(1);
      for (let turn = 0; turn < 4; turn += 1) await new Promise(setImmediate);
      expect(ended).to.equal(3);
    }
  });
});
