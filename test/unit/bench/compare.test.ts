import { expect } from 'chai';
import { sharesOf } from '../../../bench/compare.ts';

describe('sharesOf', () => {
  it('deals the rounds out to the lives of the servers, as even as can be', () => {
    expect(sharesOf(9, 3)).to.deep.equal([3, 3, 3]);
    expect(sharesOf(5, 3)).to.deep.equal([1, 2, 2]);
    expect(sharesOf(1, 3)).to.deep.equal([1]);
  });
});
