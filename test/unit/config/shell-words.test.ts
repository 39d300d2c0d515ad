import { expect } from 'chai';
import { splitWords } from '../../../src/config/shell-words.ts';
import fc from '../../support/random.ts';

describe('splitWords', () => {
  const cases: readonly [text: string, words: readonly string[]][] = [
    ['', []],
    ['  \t\n ', []],
    ['-w 4', ['-w', '4']],
    [`--name 'a b'`, ['--name', 'a b']],
    [`--name="a b"`, ['--name=a b']],
    [`a\\ b`, ['a b']],
    [`'' ""`, ['', '']],
    [`'a\\b' "a\\"b" "a\\nb"`, ['a\\b', 'a"b', 'a\\nb']],
    [`it"'"s`, [`it's`]],
    ['a\\', ['a\\']],
  ];
  for (const [text, words] of cases) {
    it(`splits ${JSON.stringify(text)}`, () => expect(splitWords(text)).to.deep.equal(words));
  }

  for (const text of [`'a`, `"a`, `a "b\\"`]) {
    it(`tells that a quote is open in ${text}`, () => expect(splitWords(text)).to.have.property('fault'));
  }

  it('gives quoted words back as they were', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        const text = words.map((word) => `'${word.replaceAll("'", `'"'"'`)}'`).join(' ');
        expect(splitWords(text)).to.deep.equal(words);
      }),
    );
  });
});
