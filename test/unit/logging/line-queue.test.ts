import { expect } from 'chai';
import { createLineQueue } from '../../../src/logging/line-queue.ts';
import fc from '../../support/random.ts';

describe('createLineQueue', () => {
  it('gives back every accepted line in order, in chunks of whole lines within the limits', () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'é', '☃'), maxLength: 12 }).map((text) => `${text}\n`);
    fc.assert(
      fc.property(fc.array(fc.oneof({ arbitrary: line, weight: 3 }, fc.constant(null))), (steps) => {
        const queue = createLineQueue({ chunkBytes: 20, maxBytes: 60 });
        const expected: string[] = [];
        let got = '';
        const take = (): boolean => {
          const chunk = queue.shift();
          if (chunk === undefined) return false;
          expect(chunk.text.split('\n')).to.have.length(chunk.lines + 1);
          expect(chunk.lines === 1 || Buffer.byteLength(chunk.text) <= 20).to.equal(true);
          got += chunk.text;
          return true;
        };
        for (const step of steps) {
          if (step === null) take();
          else if (queue.push(step)) expected.push(step);
          else expect(queue.bytes() + Buffer.byteLength(step)).to.be.above(60);
          expect(queue.bytes()).to.be.within(0, 60);
        }
        while (take());
        expect(got).to.equal(expected.join(''));
        expect(queue.bytes()).to.equal(0);
      }),
    );
  });
});
