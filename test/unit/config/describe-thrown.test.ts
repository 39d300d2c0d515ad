import { expect } from 'chai';
import { describeThrown } from '../../../src/config/describe-thrown.ts';

function errorWith(stack: string, error: Error = new Error('boom')): Error {
  error.stack = stack;
  return error;
}

describe('describeThrown', () => {
  const cases: readonly [what: string, thrown: unknown, sentence: string][] = [
    ['text', 'oh no', 'oh no.'],
    ['a message that ends in a dot', errorWith('', new Error('oh no.')), 'oh no.'],
    ['an empty message', errorWith('', new Error('')), 'an error without a message.'],
    ['the first of several lines', errorWith('', new Error('one\ntwo')), 'one.'],
    ['the place in a frame', errorWith('Error: boom\n    at f (/srv/my app/c.ts:3:7)'), 'boom (/srv/my app/c.ts:3).'],
    ['the place without a function', errorWith('Error: boom\n    at /srv/c.ts:3:7'), 'boom (/srv/c.ts:3).'],
    ['the place in a URL', errorWith('Error: boom\n    at file:///srv/c.mjs:3:7'), 'boom (/srv/c.mjs:3).'],
    [
      'the place behind frames of Node',
      errorWith('Error: boom\n    at Object.open (node:fs:1:2)\n    at /srv/c.ts:3:7'),
      'boom (/srv/c.ts:3).',
    ],
    ['no place in a package', errorWith('Error: boom\n    at f (/srv/node_modules/x/i.js:3:7)'), 'boom.'],
    ['the name of the error', errorWith('', new RangeError('boom')), 'RangeError: boom.'],
  ];
  for (const [what, thrown, sentence] of cases) {
    it(`tells ${what}`, () => expect(describeThrown(thrown)).to.equal(sentence));
  }
});
