import { expect } from 'chai';
import { limitsOf } from '../../../src/config/limits.ts';
import { sampleConfig } from './sample-config.ts';

describe('limitsOf', () => {
  it('turns seconds into milliseconds', () => {
    const config = { ...sampleConfig(), timeout: 1.5, gracefulTimeout: 30, keepAlive: 0, bootTimeout: 60 };
    expect(limitsOf({ ...config, drainIdleTimeout: 0.25, maxSurge: 3 })).to.deep.equal({
      timeoutMs: 1500,
      gracefulTimeoutMs: 30_000,
      keepAliveMs: 0,
      bootTimeoutMs: 60_000,
      drainIdleTimeoutMs: 250,
      requestTimeoutMs: null,
      headerTimeoutMs: 10_000,
      bodyTimeoutMs: 30_000,
      writeTimeoutMs: 60_000,
      maxRequestLineBytes: 8190,
      maxFields: 100,
      maxFieldBytes: 8190,
      maxHeadBytes: 32_768,
      maxBodyBytes: null,
      maxSurge: 3,
      settleMs: 1_000,
      queueTimeoutMs: 30_000,
      maxMemoryMiB: null,
    });
  });

  it('says null where a timeout of 0 means for ever', () => {
    expect(limitsOf({ ...sampleConfig(), timeout: 0 }).timeoutMs).to.equal(null);
  });

  it('never rounds a short time down to off', () => {
    expect(limitsOf({ ...sampleConfig(), timeout: 0.0001 }).timeoutMs).to.equal(1);
  });
});
