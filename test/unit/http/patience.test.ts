import { expect } from 'chai';
import { Patience, type Situation, type Verdict } from '../../../src/http/deadlines.ts';
import { type HttpLimits, LEAST_PROGRESS_BYTES } from '../../../src/http/limits.ts';

const limits: HttpLimits = {
  maxRequestLineBytes: 1,
  maxFields: 1,
  maxFieldBytes: 1,
  maxHeadBytes: 1,
  maxBodyBytes: null,
  headerTimeoutMs: 100,
  bodyTimeoutMs: 200,
  writeTimeoutMs: 300,
  requestTimeoutMs: 1_000,
  keepAliveMs: 400,
  drainIdleTimeoutMs: 50,
};
const nothing: Situation = { phase: 'busy', requests: 1, bodyBytes: null, takenBytes: null, drainIdleMs: null };

/** What is found every 10 ms, by the time since the beginning; returns the first verdict and when it fell. */
function firstVerdict(found: (ms: number) => Partial<Situation>): { verdict: Verdict; ms: number } | null {
  const patience = new Patience(limits);
  for (let ms = 0; ms <= 3_000; ms += 10) {
    const verdict = patience.judge({ ...nothing, ...found(ms) }, ms + 7);
    if (verdict !== null) return { verdict, ms };
  }
  return null;
}

describe('Patience, while an answer waits', () => {
  const CASES: readonly (readonly [
    promise: string,
    found: (ms: number) => Partial<Situation>,
    expected: ReturnType<typeof firstVerdict>,
  ])[] = [
    ['closes a silent connection', () => ({ phase: 'fresh', requests: 0 }), { verdict: 'close', ms: 100 }],
    ['ends a head that does not end', () => ({ phase: 'head' }), { verdict: 'headTimeout', ms: 100 }],
    [
      'gives a head its time from its first byte',
      (ms) => ({ phase: ms < 90 ? 'fresh' : 'head' }),
      { verdict: 'headTimeout', ms: 190 },
    ],
    ['closes an idle connection', () => ({ phase: 'idle' }), { verdict: 'close', ms: 400 }],
    [
      'begins anew with each request',
      (ms) => ({ phase: 'idle', requests: Math.min(3, Math.floor(ms / 300)) }),
      { verdict: 'close', ms: 1_300 },
    ],
    [
      'counts a drain from its beginning',
      (ms) => ({ phase: 'idle', drainIdleMs: ms < 200 ? null : 50 }),
      { verdict: 'close', ms: 250 },
    ],
    ['ends a request at its limit', () => ({}), { verdict: 'requestTimeout', ms: 1_000 }],
    ['cuts who does not close his side', () => ({ phase: 'lingering' }), { verdict: 'cut', ms: 2_000 }],
    ['leaves an upgraded connection alone', () => ({ phase: 'upgraded' }), null],
    ['ends a silent body', () => ({ bodyBytes: 5 }), { verdict: 'bodyTimeout', ms: 200 }],
    ['takes a trickle of a body for silence', (ms) => ({ bodyBytes: ms / 10 }), { verdict: 'bodyTimeout', ms: 200 }],
    [
      'takes a body that gets on for no silence',
      (ms) => ({ bodyBytes: (ms / 100) * LEAST_PROGRESS_BYTES }),
      { verdict: 'requestTimeout', ms: 1_000 },
    ],
    [
      'does not count while nobody waits for the body',
      (ms) => ({ bodyBytes: ms % 150 === 0 ? null : 5 }),
      { verdict: 'requestTimeout', ms: 1_000 },
    ],
    ['ends a peer that does not read', () => ({ takenBytes: 9_000 }), { verdict: 'writeTimeout', ms: 300 }],
    ['takes a trickle of reading for none', (ms) => ({ takenBytes: 9_000 + ms }), { verdict: 'writeTimeout', ms: 300 }],
    [
      'waits for who reads a whole answer slowly',
      (ms) => ({ phase: 'idle', takenBytes: (ms / 200) * LEAST_PROGRESS_BYTES }),
      null,
    ],
    ['waits for him also where the connection is to end', (ms) => ({ phase: 'lingering', takenBytes: ms * 10 }), null],
    [
      'counts as idle from when all was taken',
      (ms) => ({ phase: 'idle', takenBytes: ms < 1_000 ? ms * 10 : null }),
      { verdict: 'close', ms: 1_400 },
    ],
  ];
  for (const [promise, found, expected] of CASES) {
    it(promise, () => {
      expect(firstVerdict(found)).to.deep.equal(expected);
    });
  }
});

describe('Patience.busySinceMs', () => {
  it('is when the request under way was found first, and null for any other', () => {
    const patience = new Patience(limits);
    expect(patience.busySinceMs(1)).to.equal(null);
    for (const nowMs of [10, 20, 30]) patience.judge(nothing, nowMs);
    expect(patience.busySinceMs(1)).to.equal(10);
    expect(patience.busySinceMs(2)).to.equal(null);
    patience.judge({ ...nothing, requests: 2 }, 40);
    expect(patience.busySinceMs(2)).to.equal(40);
    patience.judge({ ...nothing, phase: 'idle', requests: 2 }, 50);
    expect(patience.busySinceMs(2)).to.equal(null);
  });
});
