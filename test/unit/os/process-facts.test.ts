import { expect } from 'chai';
import { parseProcessStat, readProcessFacts } from '../../../src/os/process-facts.ts';

const stat = (name: string, state: string) =>
  `4321 (${name}) ${state} 1 4321 4321 0 -1 4194560 9000 0 0 0 1234 66 0 0 20 0 11 0 98765 1 2`;

describe('parseProcessStat', () => {
  for (const [letter, state] of Object.entries({
    R: 'running',
    S: 'sleeping',
    D: 'waiting',
    T: 'stopped',
    Z: 'dead',
    I: 'unknown',
  })) {
    it(`calls ${letter} ${state}`, () => {
      expect(parseProcessStat(stat('node', letter))).to.deep.equal({ state, cpuSeconds: 13 });
    });
  }

  it('is not misled by the name of a process', () => {
    expect(parseProcessStat(stat('a) S (b', 'R'))?.state).to.equal('running');
  });

  it('finds nothing in what is none', () => {
    for (const text of ['', ')', '1 (node) R 1', '1 (node) R x x x x x x x x x x x x x']) {
      expect(parseProcessStat(text), text).to.equal(null);
    }
  });
});

describe('readProcessFacts', () => {
  it('tells of a live process, and of none that is gone', () => {
    expect(readProcessFacts(process.pid)?.state).to.equal('running');
    expect(readProcessFacts(process.pid)?.cpuSeconds).to.be.above(0);
    expect(readProcessFacts(0)).to.equal(null);
  });
});
