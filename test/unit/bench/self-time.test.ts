import { expect } from 'chai';
import { hottest, parseProfile } from '../../../bench/self-time.ts';

const node = (id: number, functionName: string, url = '') => ({ id, callFrame: { functionName, url, lineNumber: 9 } });
const raw = {
  nodes: [
    node(1, '(idle)'),
    node(2, 'parse', 'file:///app/a.js'),
    node(3, 'parse', 'file:///app/a.js'),
    node(4, 'writev'),
  ],
  samples: [1, 2, 3, 4, 2],
  timeDeltas: [1_000, 10, 20, 60, 10],
};

describe('parseProfile', () => {
  it('gives each function its own time and place, and leaves idle time out', () => {
    expect(parseProfile(raw)).to.deep.equal([
      { name: 'parse', place: '/app/a.js:10', us: 20 },
      { name: 'parse', place: '/app/a.js:10', us: 20 },
      { name: 'writev', place: '', us: 60 },
    ]);
  });

  it('refuses what is no profile', () => {
    for (const other of [null, 'x', {}, { nodes: [] }]) expect(() => parseProfile(other)).to.throw('not a CPU profile');
  });
});

describe('hottest', () => {
  it('adds up what has one label, the most expensive first', () => {
    expect(hottest(parseProfile(raw), ({ name }) => name)).to.deep.equal([
      { label: 'writev', percent: 60 },
      { label: 'parse', percent: 40 },
    ]);
  });
});
