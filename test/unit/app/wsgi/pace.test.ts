import { expect } from 'chai';
import { createPace } from '../../../../src/app/interfaces/wsgi/pace.ts';

/** A pace that has seen so many answers, each after so many milliseconds. */
function paceOf(...seen: readonly [count: number, eachMs: number][]) {
  const pace = createPace();
  let nowMs = 1_000;
  pace.began(nowMs);
  for (const [count, eachMs] of seen) {
    for (let index = 0; index < count; index += 1) {
      nowMs += eachMs;
      pace.answered(1, nowMs);
    }
  }
  return { pace, nowMs: () => nowMs };
}

describe('createPace', () => {
  it('gives nothing ahead before anything is known, nor after one answer that may have been a slow one', () => {
    expect(createPace().ahead()).to.equal(0);
    expect(paceOf([1, 50]).pace.ahead()).to.equal(0);
    expect(paceOf([1, 0.1]).pace.ahead()).to.equal(1);
  });

  it('gives nothing ahead where a request takes 2 ms or longer', () => {
    expect(paceOf([100, 50]).pace.ahead()).to.equal(0);
    expect(paceOf([100, 2.1]).pace.ahead()).to.equal(0);
    expect(paceOf([100, 1.9]).pace.ahead()).to.equal(1);
  });

  it('gives as much ahead as takes 2 ms, and 31 at most', () => {
    expect(paceOf([100, 0.5]).pace.ahead()).to.equal(4);
    expect(paceOf([100, 0.1]).pace.ahead()).to.equal(19);
    expect(paceOf([100, 0.01]).pace.ahead()).to.equal(31);
  });

  it('takes a slow answer for the rule at once, and forgets it slowly', () => {
    expect(paceOf([100, 0.1], [1, 50]).pace.ahead()).to.equal(0);
    expect(paceOf([100, 0.1], [1, 50], [20, 0.1]).pace.ahead()).to.equal(0);
    expect(paceOf([100, 0.1], [1, 50], [100, 0.1]).pace.ahead()).to.be.above(10);
  });

  it('does not count the time in which there was nothing to do', () => {
    const { pace, nowMs } = paceOf([100, 0.1]);
    pace.began(nowMs() + 10_000);
    pace.answered(1, nowMs() + 10_000.1);
    expect(pace.ahead()).to.equal(19);
  });

  it('shares the time among answers that came together', () => {
    const { pace, nowMs } = paceOf([100, 0.1]);
    pace.began(nowMs());
    pace.answered(10, nowMs() + 5);
    expect(pace.ahead()).to.equal(4);
  });
});
