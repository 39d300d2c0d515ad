import { expect } from 'chai';
import { normalUrl } from '../../../../src/app/interfaces/fetch/url.ts';
import fc from '../../../support/random.ts';

const origins = [
  'http://localhost',
  'http://localhost:8000',
  'https://a.example',
  'http://[::1]:8000',
  'http://127.0.0.1',
];
const oddOrigins = [
  'http://LOCALHOST',
  'http://localhost:80',
  'https://a.example:443',
  'http://127.1',
  'http://ü.example',
  'http://[0::1]',
];
const targets = [
  '/',
  '/a',
  '/a/b/',
  '/a//b',
  '//a',
  '/?',
  '/a?b=c',
  '/a?',
  '/a?b?c',
  '/a.b',
  '/a%20b',
  '/a~b',
  "/a'b",
  '/a;b=c,d',
  '/a:b@c',
  '/[x]|',
  '/.',
  '/..',
  '/./a',
  '/../a',
  '/a/..',
  '/a/.',
  '/a/../b',
  '/.a',
  '/..a',
  '/%2e',
  '/%2E%2e/a',
  '/a/.%2e/b',
  '/a/%2e',
  '/%',
  '/%zz',
  '/a b',
  '/a\\b',
  '/\\..\\b',
  '/a"b',
  '/<a>',
  '/a`b',
  '/{a}',
  '/a^b',
  '/a|b',
  '/ü',
  '/a?ü',
  "/a?'",
  '/a?"',
  '/a?<b>',
  '/a?a b',
  '/a?b\\c',
  '/a?b^c`d{e}',
  '/a?/../b',
  '/a?%2e%2e',
  '/a\tb',
  '/a\nb',
  '/a\u0000',
  '/a#b',
  '/a?b#c',
  '/@b',
  '/a:80',
  '/\u007f',
  '/\ud800',
];

describe('normalUrl', () => {
  for (const origin of [...origins, ...oddOrigins]) {
    it(`is what the platform makes of targets at ${origin}`, () => {
      // Twice: the second time the origin may be known.
      for (const target of [...targets, ...targets]) {
        expect(normalUrl(origin, target), target).to.equal(new URL(origin + target).href);
      }
    });
  }

  it('is what the platform makes of random targets', () => {
    const piece = fc.constantFrom(
      '/',
      '.',
      '..',
      '%2e',
      '%',
      '\\',
      '?',
      '#',
      'a',
      'Z',
      '0',
      '-',
      "'",
      '"',
      '^',
      ' ',
      'ü',
      '{',
      '@',
      ':',
    );
    fc.assert(
      fc.property(fc.constantFrom(...origins), fc.array(piece, { maxLength: 12 }), (origin, pieces) => {
        const target = `/${pieces.join('')}`;
        expect(normalUrl(origin, target)).to.equal(new URL(origin + target).href);
      }),
    );
  });

  it('never takes a part of the target for a part of the authority', () => {
    for (const target of ['@evil.example/', '.evil.example/', ':80/', '*', '']) {
      expect(new URL(normalUrl('http://localhost:8000', target)).host, target).to.equal('localhost:8000');
    }
  });

  it('throws a TypeError for an authority that is none', () => {
    for (const origin of ['http://', 'http://a b', 'http://localhost:99999', 'http://[1', 'localhost']) {
      expect(() => normalUrl(origin, '/a'), origin).to.throw(TypeError);
    }
  });

  it('knows an origin only by its own text', () => {
    expect(normalUrl('http://a:b@localhost', '/')).to.equal('http://a:b@localhost/');
    expect(normalUrl('http://localhost', '/')).to.equal('http://localhost/');
    expect(normalUrl('http://LOCALHOST', '/')).to.equal('http://localhost/');
    expect(normalUrl('http://LOCALHOST', '/')).to.equal('http://localhost/');
  });
});
