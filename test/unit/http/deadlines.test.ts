import { expect } from 'chai';
import { enforce, Patience, type Situation, type Verdict } from '../../../src/http/deadlines.ts';
import { LEAST_PROGRESS_BYTES } from '../../../src/http/limits.ts';
import { LIMITS } from './limits.ts';

const CALM: Situation = { phase: 'busy', requests: 1, bodyBytes: null, takenBytes: null, drainIdleMs: null };
const START_MS = 10_000;

/** Begins at one time, and asks again some milliseconds later. */
function verdictAfter(elapsedMs: number, situation: Partial<Situation>, limits = LIMITS): Verdict | null {
  const patience = new Patience(limits);
  expect(patience.judge({ ...CALM, ...situation }, START_MS), 'at the start').to.equal(null);
  return patience.judge({ ...CALM, ...situation }, START_MS + elapsedMs);
}

describe('Patience', () => {
  const rows: readonly (readonly [what: string, situation: Partial<Situation>, limitMs: number, verdict: Verdict])[] = [
    ['a new connection that says nothing', { phase: 'fresh', requests: 0 }, LIMITS.headerTimeoutMs, 'close'],
    ['a head that does not end', { phase: 'head' }, LIMITS.headerTimeoutMs, 'headTimeout'],
    ['an idle connection', { phase: 'idle' }, LIMITS.keepAliveMs, 'close'],
    ['an idle connection in a drain', { phase: 'idle', drainIdleMs: 500 }, 500, 'close'],
    ['a new connection in a drain', { phase: 'fresh', drainIdleMs: 500 }, 500, 'close'],
    ['a request', { phase: 'busy' }, 5_000, 'requestTimeout'],
    ['a client that does not close', { phase: 'lingering' }, 2_000, 'cut'],
    ['a silent body', { bodyBytes: 5 }, LIMITS.bodyTimeoutMs, 'bodyTimeout'],
    ['a client that does not read', { takenBytes: 5 }, LIMITS.writeTimeoutMs, 'writeTimeout'],
  ];
  for (const [what, situation, limitMs, verdict] of rows) {
    it(`${what}: ${verdict} after ${limitMs} ms, never before`, () => {
      expect(verdictAfter(limitMs - 1, situation), 'a millisecond before').to.equal(null);
      expect(verdictAfter(limitMs, situation), 'at the limit').to.equal(verdict);
    });
  }

  it('lets a request last for ever without requestTimeout, and a connection that left HTTP', () => {
    expect(verdictAfter(1e9, {}, { ...LIMITS, requestTimeoutMs: null })).to.equal(null);
    expect(verdictAfter(1e9, { phase: 'upgraded' })).to.equal(null);
  });

  it('closes at once in a quick drain', () => {
    expect(new Patience(LIMITS).judge({ ...CALM, phase: 'idle', drainIdleMs: 0 }, START_MS)).to.equal('close');
  });

  it('begins anew with the next request, the next phase, and a drain of an idle connection', () => {
    const steps: readonly Partial<Situation>[] = [
      { phase: 'head', requests: 0 },
      { phase: 'busy', requests: 1 },
      { phase: 'idle', requests: 1 },
      { phase: 'head', requests: 1 },
      { phase: 'busy', requests: 2 },
    ];
    const patience = new Patience(LIMITS);
    steps.forEach((step, index) => {
      expect(patience.judge({ ...CALM, ...step }, START_MS + index * 999_999)).to.equal(null);
    });
    const idle = new Patience(LIMITS);
    idle.judge({ ...CALM, phase: 'idle' }, START_MS);
    const draining: Situation = { ...CALM, phase: 'idle', drainIdleMs: 500 };
    expect(idle.judge(draining, START_MS + 3_999)).to.equal(null);
    expect(idle.judge(draining, START_MS + 3_999 + 500)).to.equal('close');
  });

  it('does not let a drain prolong what is no idle connection', () => {
    const patience = new Patience(LIMITS);
    patience.judge(CALM, START_MS);
    expect(patience.judge({ ...CALM, drainIdleMs: 500 }, START_MS + 5_000)).to.equal('requestTimeout');
  });

  for (const [what, of] of [
    ['a body', (bytes: number): Situation => ({ ...CALM, bodyBytes: bytes })],
    ['an answer', (bytes: number): Situation => ({ ...CALM, takenBytes: bytes })],
  ] as const) {
    it(`counts less than ${LEAST_PROGRESS_BYTES} bytes of ${what} as silence, and as many as progress`, () => {
      const limits = { ...LIMITS, bodyTimeoutMs: 1_000, writeTimeoutMs: 1_000, requestTimeoutMs: null };
      const dripping = new Patience(limits);
      dripping.judge(of(0), START_MS);
      dripping.judge(of(1), START_MS + 500);
      expect(dripping.judge(of(LEAST_PROGRESS_BYTES - 1), START_MS + 1_000), 'dripping').to.not.equal(null);
      const flowing = new Patience(limits);
      flowing.judge(of(0), START_MS);
      expect(flowing.judge(of(LEAST_PROGRESS_BYTES), START_MS + 999), 'flowing').to.equal(null);
      expect(flowing.judge(of(LEAST_PROGRESS_BYTES), START_MS + 1_998), 'then still').to.equal(null);
      expect(flowing.judge(of(LEAST_PROGRESS_BYTES), START_MS + 1_999), 'too long').to.not.equal(null);
    });
  }

  it('does not count the time in which nobody waited for the body', () => {
    const patience = new Patience({ ...LIMITS, requestTimeoutMs: null });
    patience.judge({ ...CALM, bodyBytes: 5 }, START_MS);
    patience.judge({ ...CALM, bodyBytes: null }, START_MS + 1_999);
    expect(patience.judge({ ...CALM, bodyBytes: 5 }, START_MS + 9_000)).to.equal(null);
  });
});

describe('enforce', () => {
  it('does what the verdict says', () => {
    const done: string[] = [];
    const connection = {
      close: () => void done.push('closed'),
      cut: () => void done.push('cut'),
      reset: ({ status }: { status: number }) => void done.push(`reset ${status}`),
      refuse: ({ status }: { status: number }) => void done.push(`refused ${status}`),
    };
    for (const verdict of ['close', 'cut', 'headTimeout', 'bodyTimeout', 'writeTimeout', 'requestTimeout'] as const) {
      enforce(verdict, connection);
    }
    expect(done).to.deep.equal(['closed', 'cut', 'refused 408', 'refused 408', 'reset 408', 'refused 503']);
  });
});
