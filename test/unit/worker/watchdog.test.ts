import { expect } from 'chai';
import { paceOf } from '../../../src/worker/watchdog.ts';

describe('paceOf', () => {
  it('is done before the master acts, whatever the timeout', () => {
    for (const timeoutMs of [1, 100, 1_000, 4_000, 30_000, 86_400_000]) {
      const { quietMs, glanceMs, answerWithinMs } = paceOf(timeoutMs);
      expect(quietMs).to.be.within((timeoutMs * 3) / 4, timeoutMs);
      expect(quietMs + glanceMs + answerWithinMs).to.be.below(timeoutMs);
    }
  });

  it('looks a second before the end', () => {
    expect(paceOf(30_000)).to.deep.equal({ quietMs: 29_000, glanceMs: 100, answerWithinMs: 500 });
  });
});
