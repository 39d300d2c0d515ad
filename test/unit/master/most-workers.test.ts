import { expect } from 'chai';
import { mostWorkers } from '../../../src/master/most-workers.ts';

describe('mostWorkers', () => {
  it('is eight a CPU, or what the file asks for', () => {
    expect([mostWorkers(1, 2), mostWorkers(40, 2), mostWorkers(1, 64)]).to.deep.equal([16, 40, 512]);
  });
});
