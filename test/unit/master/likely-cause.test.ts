import { expect } from 'chai';
import { likelyCause } from '../../../src/master/likely-cause.ts';

describe('likelyCause', () => {
  it('asks for the memory where the kernel, or Node, may have ended the process for it', () => {
    expect(likelyCause('SIGKILL')).to.match(/^out of memory\? .*OOM killer.*kill -9$/);
    expect(likelyCause('SIGABRT')).to.match(/^out of memory\? .*heap is full/);
  });

  it('names native code for its own signals', () => expect(likelyCause('SIGSEGV')).to.contain('native code'));

  it('has nothing to say of an exit code, or of a signal that says it all', () => {
    expect([null, 'SIGTERM'].map(likelyCause)).to.deep.equal([null, null]);
  });
});
