import { expect } from 'chai';
import { addressUrl, type BindAddress, formatBind, parseBind } from '../../../src/listener/address.ts';
import { anyText } from '../../support/any-text.ts';
import fc from '../../support/random.ts';

describe('parseBind', () => {
  const good: readonly (readonly [string, BindAddress])[] = [
    ['127.0.0.1:8000', { kind: 'tcp', host: '127.0.0.1', port: 8000 }],
    ['localhost:0', { kind: 'tcp', host: 'localhost', port: 0 }],
    ['app.example-1.test:443', { kind: 'tcp', host: 'app.example-1.test', port: 443 }],
    ['[::1]:8000', { kind: 'tcp', host: '::1', port: 8000 }],
    ['[::]:80', { kind: 'tcp', host: '::', port: 80 }],
    [':8000', { kind: 'tcp', host: '0.0.0.0', port: 8000 }],
    ['8000', { kind: 'tcp', host: '127.0.0.1', port: 8000 }],
    ['unix:/run/app.sock', { kind: 'unix', path: '/run/app.sock' }],
    ['unix:app.sock', { kind: 'unix', path: 'app.sock' }],
    ['fd://3', { kind: 'fd', fd: 3 }],
  ];
  for (const [text, address] of good) it(`reads ${text}`, () => expect(parseBind(text)).to.deep.equal(address));

  const bad: readonly (readonly [string, RegExp])[] = [
    ['', /no address to bind: write HOST:PORT/],
    ['localhost', /no address to bind/],
    ['127.0.0.1:65536', /the highest is 65535/],
    ['127.0.0.1:-1', /no address to bind/],
    ['::1:8000', /no address to bind/],
    ['[::1]', /no address to bind/],
    ['[127.0.0.1]:80', /no IPv6 address/],
    ['http://127.0.0.1:80', /no address to bind/],
    ['unix:', /names no path/],
    [`unix:/${'x'.repeat(108)}`, /too long for a unix socket: at most 10[37] bytes/],
    ['unix:/a\0b', /names no path/],
    ['fd://2', /from 3 up/],
    ['fd://x', /from 3 up/],
    ['fd://-3', /from 3 up/],
  ];
  for (const [text, sentence] of bad) {
    it(`refuses ${JSON.stringify(text.slice(0, 30))} with a sentence`, () => {
      const result = parseBind(text);
      expect('fault' in result && result.fault).to.match(sentence);
    });
  }

  it('reads back what formatBind writes', () => {
    for (const [, address] of good) expect(parseBind(formatBind(address))).to.deep.equal(address);
  });

  it('never throws', () => {
    fc.assert(fc.property(anyText({ maxLength: 40 }), (text) => void parseBind(text)));
  });
});

describe('addressUrl', () => {
  it('is what a browser takes, where a browser takes it', () => {
    expect(addressUrl({ kind: 'tcp', host: '::1', port: 80 }, 'http')).to.equal('http://[::1]:80');
    expect(addressUrl({ kind: 'unix', path: '/a' }, 'https')).to.equal('unix:/a');
  });
});
