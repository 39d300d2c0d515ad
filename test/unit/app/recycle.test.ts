import { expect } from 'chai';
import { recycleAfter } from '../../../src/app/recycle.ts';
import { heartbeatEveryMs } from '../../../src/worker/heartbeat.ts';

describe('recycleAfter', () => {
  it('is never with maxRequests 0', () => {
    expect(recycleAfter({ maxRequests: 0, maxRequestsJitter: 50 }, 0.5)).to.equal(null);
  });

  it('spreads from maxRequests to maxRequests + jitter, both included', () => {
    const limits = { maxRequests: 100, maxRequestsJitter: 10 };
    expect([0, 0.5, 0.999].map((random) => recycleAfter(limits, random))).to.deep.equal([100, 105, 110]);
  });
});

describe('heartbeatEveryMs', () => {
  it('beats four times within the timeout, and at least every second', () => {
    expect([null, 30_000, 2_000, 100].map(heartbeatEveryMs)).to.deep.equal([1_000, 1_000, 500, 25]);
  });
});
