import { expect } from 'chai';
import { createRound, roundMsOf } from '../../../src/http/round.ts';
import { LIMITS } from './limits.ts';

/** Longer than a turn of the loop may take. */
const LONG_MS = 0.5;

/** Judges numbers; those below `slowBelow` take long, and what `judge` returns is `isEnded`. */
function roundOf(options: { count: number; slowBelow: number; isEnded: boolean }) {
  const all = new Set(Array.from({ length: options.count }, (_, index) => index));
  const judged: number[] = [];
  const round = createRound({
    all: () => all.values(),
    judge(one: number) {
      judged.push(one);
      if (options.isEnded) all.delete(one);
      const untilMs = performance.now() + (one < options.slowBelow ? LONG_MS : 0);
      while (performance.now() < untilMs);
      return options.isEnded;
    },
  });
  return { round, judged, all };
}

describe('roundMsOf', () => {
  const ms = { headerTimeoutMs: 60_000, bodyTimeoutMs: 60_000, writeTimeoutMs: 60_000, keepAliveMs: 75_000 };
  const limits = { ...LIMITS, ...ms, requestTimeoutMs: null };

  it('is a tenth of the shortest patience, between 250 ms and a second', () => {
    expect(roundMsOf(limits)).to.equal(1_000);
    expect(roundMsOf({ ...limits, keepAliveMs: 5_000 })).to.equal(500);
    expect(roundMsOf({ ...limits, requestTimeoutMs: 4_000 })).to.equal(400);
    expect(roundMsOf({ ...limits, headerTimeoutMs: 1_000 })).to.equal(250);
  });

  it('has nothing to do with keepAlive 0, which closes at once', () => {
    expect(roundMsOf({ ...limits, keepAliveMs: 0 })).to.equal(1_000);
  });
});

describe('createRound', () => {
  it('judges all at once where that takes no time', () => {
    const { round, judged } = roundOf({ count: 30, slowBelow: 0, isEnded: false });
    round();
    expect(judged).to.have.length(30);
  });

  it('gives others a turn behind each that it ended, where that took long, and can be begun again', async () => {
    const { round, judged, all } = roundOf({ count: 3, slowBelow: 99, isEnded: true });
    for (let time = 1; time <= 2; time += 1) {
      for (const one of [0, 1, 2]) all.add(one);
      round();
      // It is under way: this one is passed over.
      round();
      expect(judged).to.have.length(3 * time - 2);
      for (let turn = 0; turn < 4; turn += 1) await new Promise(setImmediate);
      expect(judged).to.have.length(3 * time);
    }
  });

  it('gives others a turn while it judges many, and forgets none', async () => {
    const { round, judged } = roundOf({ count: 1_000, slowBelow: 2, isEnded: false });
    round();
    expect(judged.length).to.be.within(2, 100);
    while (judged.length < 1_000) await new Promise(setImmediate);
    expect(judged).to.deep.equal(Array.from({ length: 1_000 }, (_, index) => index));
  });

  it('judges no one who left meanwhile', async () => {
    const { round, judged, all } = roundOf({ count: 100, slowBelow: 1, isEnded: false });
    round();
    all.delete(99);
    while (judged.length < 99) await new Promise(setImmediate);
    for (let turn = 0; turn < 4; turn += 1) await new Promise(setImmediate);
    expect(judged).to.not.include(99);
  });
});
