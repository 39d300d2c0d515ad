import { expect } from 'chai';
import type { Schema } from '../../../src/config/setting.ts';
import { describeSchema, joinOr, kindOf } from '../../../src/config/wording.ts';

describe('kindOf', () => {
  const cases: readonly [value: unknown, kind: string][] = [
    [null, 'null'],
    [undefined, 'undefined'],
    [[], 'an array'],
    [{}, 'an object'],
    ['', 'a string'],
    [1, 'a number'],
    [() => 1, 'a function'],
    [Promise.resolve(), 'a promise'],
  ];
  for (const [value, kind] of cases) it(`says ${kind}`, () => expect(kindOf(value)).to.equal(kind));
});

describe('joinOr', () => {
  it('joins none, one, two and three', () => {
    expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(joinOr)).to.deep.equal(['', 'a', 'a or b', 'a, b or c']);
  });
});

describe('describeSchema', () => {
  const cases: readonly [schema: Schema, words: string][] = [
    [{ type: 'integer', minimum: 1, maximum: 9 }, 'an integer from 1 to 9'],
    [{ type: 'integer', minimum: 1 }, 'an integer of at least 1'],
    [{ type: 'number', exclusiveMinimum: 0, maximum: 9 }, 'a number above 0 and at most 9'],
    [{ type: 'number' }, 'a number'],
    [{ type: 'string', enum: ['a', 'b'] }, '"a" or "b"'],
    [{ type: 'string', minLength: 1 }, 'a non-empty string'],
    [{ type: 'string', pattern: '.', title: 'a dot' }, 'a dot'],
    [{ type: 'boolean' }, 'true or false'],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, 'a string or null'],
    [{ type: 'array', items: { type: 'string' } }, 'an array, each entry a string'],
    [{ type: 'array', items: { type: 'string' }, minItems: 1 }, 'a non-empty array, each entry a string'],
    [{ type: 'object', additionalProperties: { type: 'string' } }, 'an object, each value a string'],
  ];
  for (const [schema, words] of cases) it(`says "${words}"`, () => expect(describeSchema(schema)).to.equal(words));

  it('names the unit', () => {
    expect(describeSchema({ type: 'number', minimum: 0, maximum: 9 }, 's')).to.equal('a number of seconds from 0 to 9');
  });
});
