import { expect } from 'chai';
import { type ForwardedElement, parseForwarded } from '../../../src/http/forwarded-field.ts';
import fc from '../../support/random.ts';

const element = (pairs: Partial<ForwardedElement>): ForwardedElement => ({ for: null, proto: null, ...pairs });

describe('parseForwarded', () => {
  const good: readonly (readonly [string, readonly ForwardedElement[]])[] = [
    ['for="_gazonk"', [element({ for: '_gazonk' })]],
    ['For="[2001:db8:cafe::17]:4711"', [element({ for: '[2001:db8:cafe::17]:4711' })]],
    ['for=192.0.2.60;proto=http;by=203.0.113.43', [element({ for: '192.0.2.60', proto: 'http' })]],
    ['for=192.0.2.43, for=198.51.100.17', [element({ for: '192.0.2.43' }), element({ for: '198.51.100.17' })]],
    ['for=1.2.3.4 ; proto=https ;', [element({ for: '1.2.3.4', proto: 'https' })]],
    ['\tfor=a,\tfor=b\t', [element({ for: 'a' }), element({ for: 'b' })]],
    ['secret="a,b;c=\\"d\\\\"; FOR=x', [element({ for: 'x' })]],
    ['for=""', [element({ for: '' })]],
    ['', [element({})]],
    ['for=a,,for=b', [element({ for: 'a' }), element({}), element({ for: 'b' })]],
  ];
  for (const [text, elements] of good) {
    it(`reads ${text || 'nothing'}`, () => expect(parseForwarded(text)).to.deep.equal(elements));
  }

  const bad = ['for', 'for=', 'for =a', 'for= a', '=a', 'for=a b', 'for="a', 'for="a"b', 'for=a;for=b', 'for=[::1]'];
  for (const text of [...bad, 'for=a:80', 'for="a, for=b', 'for="a\\', 'for="\x01"', 'for=ä', 'for=a;;=']) {
    it(`refuses ${JSON.stringify(text)}`, () => expect(parseForwarded(text)).to.equal(null));
  }

  it('reads back any value that was quoted', () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab"\\,;= \t\xff:[]') });
    fc.assert(
      fc.property(text, text, (first, second) => {
        const quote = (value: string) => `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
        expect(parseForwarded(`for=${quote(first)};proto=${quote(second)},for=x`)).to.deep.equal([
          { for: first, proto: second },
          element({ for: 'x' }),
        ]);
      }),
    );
  });

  it('takes time that grows with the length only', () => {
    for (const text of ['for=a,'.repeat(40_000), `for="${'\\"'.repeat(100_000)}`, ' '.repeat(200_000)]) {
      const startedMs = performance.now();
      parseForwarded(text);
      expect(performance.now() - startedMs).to.be.lessThan(1_000);
    }
  });
});
