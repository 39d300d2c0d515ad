import type { HttpLimits } from '../../../src/http/limits.ts';

/** Limits as tests want them: small numbers, each of its own. */
export const LIMITS: HttpLimits = {
  ...{ maxRequestLineBytes: 30, maxFields: 4, maxFieldBytes: 20, maxHeadBytes: 40, maxBodyBytes: null },
  ...{ headerTimeoutMs: 1_000, bodyTimeoutMs: 2_000, writeTimeoutMs: 3_000, requestTimeoutMs: 5_000 },
  ...{ keepAliveMs: 4_000, drainIdleTimeoutMs: 500 },
};
