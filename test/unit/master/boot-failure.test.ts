import { expect } from 'chai';
import { hintAt } from '../../../src/master/boot-failure.ts';

describe('hintAt', () => {
  it('speaks of memory where the end of a worker may mean that, and of nothing else', () => {
    expect(hintAt({ code: null, signal: 'SIGKILL' }).hint).to.match(/memory/);
    expect(hintAt({ code: null, signal: 'SIGABRT' }).hint).to.match(/memory/);
    expect(hintAt({ code: null, signal: 'SIGSEGV' })).to.deep.equal({});
    expect(hintAt({ code: 3, signal: null })).to.deep.equal({});
  });
});
