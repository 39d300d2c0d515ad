import { expect } from 'chai';
import { decimal, format, summarize } from '../../../bench/statistics.ts';

describe('summarize', () => {
  it('takes the middle of an odd number of values, whatever their order', () => {
    expect(summarize([30, 10, 20])).to.deep.equal({ median: 20, min: 10, max: 30 });
  });

  it('takes the mean of the two in the middle of an even number', () => {
    expect(summarize([4, 1, 3, 2])).to.deep.equal({ median: 2.5, min: 1, max: 4 });
  });

  it('sorts by value and not by text, and leaves its argument alone', () => {
    const values = [100, 9, 20];
    expect(summarize(values).median).to.equal(20);
    expect(values).to.deep.equal([100, 9, 20]);
  });

  it('knows nothing of nothing', () => {
    expect(summarize([]).median).to.be.NaN;
  });
});

describe('format', () => {
  it('writes median (min–max) with the digits asked for', () => {
    expect(format({ median: 1234.56, min: 999.4, max: 20_000 })).to.equal('1,235 (999–20,000)');
    expect(format({ median: 1.005, min: 0.9, max: 1.1 }, 2)).to.match(/^1\.0[01] \(0\.90–1\.10\)$/);
  });

  it('says that nothing was measured', () => {
    expect(format(summarize([]))).to.equal('not measured');
  });
});

describe('decimal', () => {
  it('groups thousands', () => expect(decimal(1_234_567.89, 1)).to.equal('1,234,567.9'));
});
