import { expect } from 'chai';
import { processState } from '../../../../src/app/interfaces/wsgi/process-state.ts';

describe('processState', () => {
  it('is R for who asks, and null where nobody is', function () {
    if (process.platform !== 'linux') this.skip();
    expect(processState(process.pid)).to.equal('R');
    expect(processState(2 ** 30)).to.equal(null);
  });

  it('is not misled by a name with parentheses', function () {
    if (process.platform !== 'linux') this.skip();
    const { title } = process;
    process.title = 'a) T (b';
    expect(processState(process.pid)).to.equal('R');
    process.title = title;
  });
});
