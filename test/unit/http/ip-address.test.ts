import { isIPv6 } from 'node:net';
import { expect } from 'chai';
import { addressOfBytes, canonicalPeer, formatIpAddress, parseIpAddress } from '../../../src/http/ip-address.ts';
import fc from '../../support/random.ts';

const canonical = (text: string): string | null => {
  const address = parseIpAddress(text);
  return address === null ? null : formatIpAddress(address);
};

describe('parseIpAddress', () => {
  const good: readonly (readonly [string, string])[] = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:C000:0201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::', '::'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['fe80::1%br-lan.7', 'fe80::1%br-lan.7'],
    ['::192.0.2.1', '::c000:201'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
  ];
  for (const [text, spelling] of good) it(`reads ${text}`, () => expect(canonical(text)).to.equal(spelling));

  const bad = [
    '',
    ' ',
    '1.2.3',
    '127.1',
    '010.0.0.1',
    '0x7f.0.0.1',
    '2130706433',
    '1.2.3.4.5',
    '256.0.0.1',
    ' 1.2.3.4',
  ];
  const badIPv6 = ['[::1]', ':', ':::', '1::2::3', '12345::', 'fe80::1%', 'fe80::1%a b', 'fe80::1%a%b', 'fe80::1%\n'];
  for (const text of [...bad, ...badIPv6, 'localhost', '1.2.3.4:80', '1.2.3.4%eth0', '1.2.3.4\n', '1.2.3.4/32']) {
    it(`takes ${JSON.stringify(text)} for no address`, () => expect(parseIpAddress(text)).to.equal(null));
  }

  it('gives every IPv6 address one spelling, which it reads again', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const spelling = canonical(text);
        expect(spelling).to.be.a('string');
        expect(canonical(spelling ?? '')).to.equal(spelling);
      }),
    );
  });

  it('agrees with node:net about what an address is', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789abcdef:.'), maxLength: 40 }), (text) => {
        fc.pre(text.includes(':'));
        expect(parseIpAddress(text) !== null).to.equal(isIPv6(text));
      }),
    );
  });
});

describe('addressOfBytes', () => {
  it('spells 4 and 16 bytes', () => {
    expect(addressOfBytes(Uint8Array.of(192, 0, 2, 1))).to.equal('192.0.2.1');
    const bytes = Buffer.from('20010db8000000000000000000000001', 'hex');
    expect(addressOfBytes(bytes)).to.equal('2001:db8::1');
    expect(addressOfBytes(Buffer.from('00000000000000000000ffffc0000201', 'hex'))).to.equal('192.0.2.1');
  });
});

describe('canonicalPeer', () => {
  it('unwraps IPv4 and leaves everything else', () => {
    expect(canonicalPeer('::ffff:192.0.2.1')).to.equal('192.0.2.1');
    for (const text of ['', '192.0.2.1', '2001:db8::1', 'fe80::1%eth0', '::ffff:zz']) {
      expect(canonicalPeer(text)).to.equal(text);
    }
  });
});
