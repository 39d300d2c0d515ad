import { expect } from 'chai';
import { createPatience, type Situation, type Verdict } from '../../../src/http/deadlines.ts';
import type { HttpLimits } from '../../../src/http/limits.ts';

const limits: HttpLimits = {
  ...{ maxRequestLineBytes: 1, maxFields: 1, maxFieldBytes: 1, maxHeadBytes: 1, maxBodyBytes: null },
  ...{ headerTimeoutMs: 100, bodyTimeoutMs: 200, writeTimeoutMs: 300, requestTimeoutMs: 1_000, keepAliveMs: 500 },
  drainIdleTimeoutMs: 50,
};

const idle: Situation = { phase: 'idle', requests: 1, bodyBytes: null, takenBytes: null, drainIdleMs: null };
const busy: Situation = { ...idle, phase: 'busy' };

/** What is judged at each time. */
function verdicts(...steps: readonly (readonly [atMs: number, situation: Situation])[]): (Verdict | null)[] {
  const patience = createPatience(limits);
  return steps.map(([atMs, situation]) => patience.judge(situation, atMs));
}

describe('createPatience', () => {
  const rows: readonly (readonly [Situation['phase'], number, Verdict])[] = [
    ['fresh', 100, 'close'],
    ['head', 100, 'headTimeout'],
    ['idle', 500, 'close'],
    ['busy', 1_000, 'requestTimeout'],
    ['lingering', 2_000, 'cut'],
  ];
  for (const [phase, limitMs, verdict] of rows) {
    it(`ends ${phase} after its limit, and not before`, () => {
      const situation = { ...idle, phase };
      expect(verdicts([7, situation], [6 + limitMs, situation], [7 + limitMs, situation])).to.deep.equal([
        null,
        null,
        verdict,
      ]);
    });
  }

  it('counts from when it first saw something', () => {
    const next = { ...idle, requests: 2 };
    expect(verdicts([0, idle], [499, next], [998, next], [999, next])).to.deep.equal([null, null, null, 'close']);
  });

  it('counts the idle time of a drain from its beginning', () => {
    const drained = { ...idle, drainIdleMs: 50 };
    expect(verdicts([0, idle], [400, drained], [449, drained], [450, drained])).to.deep.equal([
      ...[null, null, null],
      'close',
    ]);
  });

  it('takes less than 1024 bytes of a body for silence', () => {
    const at = (bodyBytes: number) => ({ ...busy, bodyBytes });
    expect(verdicts([0, at(0)], [150, at(1_023)], [200, at(1_023)])).to.deep.equal([null, null, 'bodyTimeout']);
    expect(verdicts([0, at(0)], [150, at(1_024)], [349, at(1_500)], [350, at(1_500)])).to.deep.equal([
      ...[null, null, null],
      'bodyTimeout',
    ]);
  });

  it('does not count while nobody waits for the body', () => {
    const waits = { ...busy, bodyBytes: 0 };
    expect(verdicts([0, waits], [199, busy], [250, waits], [449, waits], [450, waits])).to.deep.equal([
      ...[null, null, null, null],
      'bodyTimeout',
    ]);
  });

  it('cuts a client that takes less than 1024 bytes of what waits for it', () => {
    const at = (takenBytes: number) => ({ ...busy, takenBytes });
    expect(verdicts([0, at(0)], [299, at(2_000)], [598, at(2_500)], [599, at(2_500)])).to.deep.equal([
      ...[null, null, null],
      'cut',
    ]);
  });
});
