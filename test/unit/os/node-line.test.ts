import { expect } from 'chai';
import { nodeLineFault } from '../../../src/os/node-line.ts';

describe('nodeLineFault', () => {
  it('speaks from the day after the end of a line', () => {
    expect(nodeLineFault('20.20.2', new Date('2026-04-29'))).to.equal(null);
    expect(nodeLineFault('20.20.2', new Date('2026-11-22'))?.endedOn).to.equal('2026-04-30');
  });

  it('says nothing about a line that it does not know', () => {
    expect(nodeLineFault('28.0.0', new Date('2030-01-01'))).to.equal(null);
  });
});
