import { expect } from 'chai';
import {
  LONGEST_PROXY_HEADER,
  type ProxiedEnd,
  type ProxyHeader,
  type ProxySource,
  type ProxyVersions,
  parseProxyHeader,
} from '../../../src/http/proxy-protocol.ts';
import fc from '../../support/random.ts';
import { type V2Parts, v2Header } from './proxy-header.ts';

const text = (line: string, accept: ProxyVersions = 'auto'): ProxyHeader =>
  parseProxyHeader(Buffer.from(line, 'latin1'), accept);
const v2 = (parts: V2Parts, accept: ProxyVersions = 'auto'): ProxyHeader => parseProxyHeader(v2Header(parts), accept);
const kindsOf = (bytes: Buffer): string[] =>
  Array.from({ length: bytes.length }, (_, length) => parseProxyHeader(bytes.subarray(0, length), 'auto').kind);

const from = (address: string, port: number, proxied: ProxiedEnd): ProxySource => ({ address, port, proxied });

describe('parseProxyHeader', () => {
  it('waits for the first byte', () => expect(text('')).to.deep.equal({ kind: 'more' }));

  describe('version 1', () => {
    const good: readonly (readonly [line: string, source: ProxySource | null])[] = [
      [
        'PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n',
        from('192.168.0.1', 56324, { protocol: 'TCP4', address: '192.168.0.11', port: 443 }),
      ],
      [
        'PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n',
        from('255.255.255.255', 65535, { protocol: 'TCP4', address: '255.255.255.255', port: 65535 }),
      ],
      ['PROXY TCP4 1.2.3.4 5.6.7.8 0 0\r\n', from('1.2.3.4', 0, { protocol: 'TCP4', address: '5.6.7.8', port: 0 })],
      ['PROXY TCP6 2001:DB8::1 ::1 1 2\r\n', from('2001:db8::1', 1, { protocol: 'TCP6', address: '::1', port: 2 })],
      [
        `PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`,
        from(`${'ffff:'.repeat(7)}ffff`, 65535, { protocol: 'TCP6', address: `${'ffff:'.repeat(7)}ffff`, port: 65535 }),
      ],
      [
        'PROXY TCP6 ::ffff:1.2.3.4 ::ffff:5.6.7.8 9 80\r\n',
        from('1.2.3.4', 9, { protocol: 'TCP6', address: '5.6.7.8', port: 80 }),
      ],
      ['PROXY UNKNOWN\r\n', null],
      ['PROXY UNKNOWN \r\n', null],
      [`PROXY UNKNOWN ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`, null],
      ['PROXY UNKNOWN  anything, \x00\xff TCP4\r\n', null],
    ];
    for (const [line, source] of good) {
      it(`reads ${JSON.stringify(line)}, at any split and with more behind`, () => {
        const header = { kind: 'header', length: line.length, source };
        expect(text(line, 'v1')).to.deep.equal(header);
        expect(text(`${line}GET / HTTP/1.1\r\n\r\n`)).to.deep.equal(header);
        expect(text(`${line}\n\r`)).to.deep.equal(header);
        expect(new Set(kindsOf(Buffer.from(line, 'latin1')))).to.deep.equal(new Set(['more']));
      });
    }

    const bad = [
      'PROXY\r\n',
      'PROXY \r\n',
      'PROXY  TCP4 1.2.3.4 5.6.7.8 1 2\r\n',
      'PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n',
      'PROXY TCP4 1.2.3.4 5.6.7.8 1  2\r\n',
      'PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n',
      'PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n',
      'PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n',
      'PROXY TCP4\r\n',
      'PROXY TCP4 \r\n',
      'PROXY TCP4\t1.2.3.4 5.6.7.8 1 2\r\n',
      'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n',
      'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\r\n',
      'PROXY TCP4 1.2.3.4\r 5.6.7.8 1 2\r\n',
      'PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n',
      'PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n',
      'PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n',
      'PROXY TCP4 1.2.3.4 5.6.7.8 00 2\r\n',
      'PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n',
      'PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n',
      'PROXY TCP4 1.2.3.4 5.6.7.8 1 \r\n',
      'PROXY TCP4 1.2.3.4 5.6.7.8 0x1 2\r\n',
      'PROXY TCP4 1.2.3.4 5.6.7.8 123456 2\r\n',
      'PROXY TCP4 01.2.3.4 5.6.7.8 1 2\r\n',
      'PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n',
      'PROXY TCP4 256.2.3.4 5.6.7.8 1 2\r\n',
      'PROXY TCP4 ::1 ::1 1 2\r\n',
      'PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n',
      'PROXY TCP6 ::1 5.6.7.8 1 2\r\n',
      'PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n',
      'PROXY TCP6 1::2::3 ::1 1 2\r\n',
      'PROXY TCP6 [::1] ::1 1 2\r\n',
      'PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n',
      'PROXY tcp4 1.2.3.4 5.6.7.8 1 2\r\n',
      'PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n',
      'PROXY UNKNOWNS\r\n',
      'PROXY UNKNOWN\n',
      'PROXY UNKNOWN a\rb\r\n',
      `PROXY UNKNOWN ${'x'.repeat(92)}\r\n`,
      'proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n',
      ' PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n',
      'GET / HTTP/1.1\r\n',
      '\x16\x03\x01',
    ];
    for (const line of bad) {
      it(`refuses ${JSON.stringify(line)}`, () => {
        const header = text(line, 'v1');
        expect(header.kind).to.equal('refused');
        expect(header.kind === 'refused' && header.reason).to.match(/^The [^"\r\n]{10,100}\.$/);
        expect(text(`${line}GET / HTTP/1.1\r\n`).kind).to.equal('refused');
        // Never taken for a header on the way.
        expect(kindsOf(Buffer.from(line, 'latin1'))).not.to.include('header');
      });
    }

    it('takes 107 bytes and no more', () => {
      const line = `PROXY UNKNOWN ${'x'.repeat(91)}\r\n`;
      expect(line.length).to.equal(107);
      expect(text(line).kind).to.equal('header');
      expect(text(`PROXY UNKNOWN ${'x'.repeat(92)}`).kind).to.equal('more');
      expect(text(`PROXY UNKNOWN ${'x'.repeat(93)}`).kind).to.equal('refused');
    });

    const early = ['G', 'PROXX', 'PROXY T1', 'PROXY TCP4 x', 'PROXY TCP4 1.2.3 ', 'PROXY TCP6 g', 'PROXY UNKNOWN\n'];
    for (const start of [
      ...early,
      'PROXY TCP4 1.2.3.4 5.6.7.8 00',
      'PROXY TCP4 1.2.3.4 5.6.7.8 1 2 ',
      'PROXY TCP4\r',
    ]) {
      it(`refuses as soon as it has read ${JSON.stringify(start)}`, () => {
        expect(text(start.slice(0, -1)).kind).to.equal('more');
        expect(text(start).kind).to.equal('refused');
      });
    }
  });

  describe('version 2', () => {
    const ipv4 = { family: 0x11, addresses: Buffer.from([192, 0, 2, 1, 198, 51, 100, 2, 0xdc, 0x04, 0x01, 0xbb]) };
    const ipv6 = {
      family: 0x21,
      addresses: Buffer.from(`20010db8${'00'.repeat(11)}01${'00'.repeat(15)}010001ffff`, 'hex'),
    };
    const mapped = {
      family: 0x21,
      addresses: Buffer.from(`${'00'.repeat(10)}ffffc0000201${'00'.repeat(15)}0100500050`, 'hex'),
    };
    const tlvs = Buffer.from('0300040000000020000301000000', 'hex');
    const good: readonly (readonly [what: string, parts: V2Parts, source: ProxySource | null])[] = [
      ['TCP over IPv4', ipv4, from('192.0.2.1', 56324, { protocol: 'TCP4', address: '198.51.100.2', port: 443 })],
      [
        'UDP over IPv4',
        { ...ipv4, family: 0x12 },
        from('192.0.2.1', 56324, { protocol: 'UDP4', address: '198.51.100.2', port: 443 }),
      ],
      ['TCP over IPv6', ipv6, from('2001:db8::1', 1, { protocol: 'TCP6', address: '::1', port: 65535 })],
      [
        'UDP over IPv6',
        { ...ipv6, family: 0x22 },
        from('2001:db8::1', 1, { protocol: 'UDP6', address: '::1', port: 65535 }),
      ],
      ['IPv4 mapped into IPv6', mapped, from('192.0.2.1', 80, { protocol: 'TCP6', address: '::1', port: 80 })],
      [
        'TLVs',
        { ...ipv4, rest: tlvs },
        from('192.0.2.1', 56324, { protocol: 'TCP4', address: '198.51.100.2', port: 443 }),
      ],
      [
        'the longest header',
        { ...ipv4, rest: Buffer.alloc(4096 - 16 - 12) },
        from('192.0.2.1', 56324, { protocol: 'TCP4', address: '198.51.100.2', port: 443 }),
      ],
      ['UNSPEC', { family: 0x00 }, null],
      ['UNSPEC with something behind', { family: 0x00, rest: tlvs }, null],
      ['an unknown transport over IPv4', { family: 0x10 }, null],
      ['a unix stream', { family: 0x31, addresses: Buffer.alloc(216, 'x') }, null],
      ['a unix datagram', { family: 0x32, addresses: Buffer.alloc(216) }, null],
      ['LOCAL', { command: 0, family: 0x00 }, null],
      ['LOCAL with addresses', { ...ipv4, command: 0 }, null],
      ['LOCAL with a family of the future', { command: 0, family: 0xff, rest: tlvs }, null],
      ['LOCAL with a family and no addresses', { command: 0, family: 0x11 }, null],
    ];
    for (const [what, parts, source] of good) {
      it(`reads ${what}, at any split and with more behind`, () => {
        const bytes = v2Header(parts);
        const header = { kind: 'header', length: bytes.length, source };
        expect(parseProxyHeader(bytes, 'v2')).to.deep.equal(header);
        expect(parseProxyHeader(Buffer.concat([bytes, bytes]), 'auto')).to.deep.equal(header);
        expect(new Set(kindsOf(bytes))).to.deep.equal(new Set(['more']));
      });
    }

    /** `at`: how many bytes it takes to know. */
    const bad: readonly (readonly [what: string, parts: V2Parts, at: number, reason: RegExp])[] = [
      ['version 1', { ...ipv4, version: 1 }, 13, /of a version other than 1 and 2/],
      ['version 3', { ...ipv4, version: 3 }, 13, /of a version other than 1 and 2/],
      ['command 2', { ...ipv4, command: 2 }, 13, /neither LOCAL nor PROXY/],
      ['command 15', { ...ipv4, command: 15 }, 13, /neither LOCAL nor PROXY/],
      ['family 4', { ...ipv4, family: 0x41 }, 14, /unknown address family or transport/],
      ['family 15', { ...ipv4, family: 0xf1 }, 14, /unknown address family or transport/],
      ['transport 3', { ...ipv4, family: 0x13 }, 14, /unknown address family or transport/],
      ['IPv4 without room', { family: 0x11, addresses: Buffer.alloc(11) }, 16, /shorter than its addresses/],
      ['IPv6 without room', { family: 0x21, addresses: Buffer.alloc(35) }, 16, /shorter than its addresses/],
      ['unix without room', { family: 0x31, addresses: Buffer.alloc(215) }, 16, /shorter than its addresses/],
      ['too much', { ...ipv4, rest: Buffer.alloc(4096 - 16 - 11) }, 16, /4097 bytes long; at most 4096/],
      ['LOCAL with too much', { command: 0, family: 0, rest: Buffer.alloc(0xffff) }, 16, /65551 bytes long/],
    ];
    for (const [what, parts, at, reason] of bad) {
      it(`refuses ${what} at byte ${at}`, () => {
        const bytes = v2Header(parts);
        const header = parseProxyHeader(bytes.subarray(0, at), 'v2');
        expect(header.kind === 'refused' && header.reason).to.match(reason);
        expect(parseProxyHeader(bytes.subarray(0, at - 1), 'v2').kind).to.equal('more');
        expect(parseProxyHeader(bytes, 'auto').kind).to.equal('refused');
      });
    }

    it('refuses a signature at the first byte that is wrong', () => {
      const bytes = v2Header(ipv4);
      for (let index = 0; index < 12; index++) {
        const wrong = Buffer.from(bytes.subarray(0, index + 1));
        wrong[index] = (bytes[index] ?? 0) ^ 0x20;
        expect(parseProxyHeader(wrong, 'auto').kind, `byte ${index}`).to.equal('refused');
      }
    });

    it('reads bytes that lie in the middle of a buffer', () => {
      const bytes = Buffer.concat([Buffer.alloc(7, 'x'), v2Header(ipv4)]);
      expect(parseProxyHeader(new Uint8Array(bytes).subarray(7), 'auto')).to.deep.include({
        source: from('192.0.2.1', 56324, { protocol: 'TCP4', address: '198.51.100.2', port: 443 }),
      });
    });
  });

  it('refuses the version that is not wanted, and says so', () => {
    const one = text('PROXY', 'v2');
    const two = v2({ family: 0 }, 'v1');
    expect(one.kind === 'refused' && one.reason).to.match(/is of version 1, and only version 2/);
    expect(two.kind === 'refused' && two.reason).to.match(/is of version 2, and only version 1/);
  });

  it('never throws, never reads further than is there, and never changes its mind', () => {
    const starts = fc.constantFrom(
      ...['PROXY ', 'PROXY TCP4 1.2.3.4 ', 'PROXY UNKNOWN'].map((line) => Buffer.from(line)),
      v2Header({ family: 0 }).subarray(0, 12),
      Buffer.alloc(0),
    );
    fc.assert(
      fc.property(starts, fc.uint8Array({ maxLength: 130 }), (start, rest) => {
        const bytes = Buffer.concat([start, rest]);
        let decided: ProxyHeader = { kind: 'more' };
        for (let length = 0; length <= bytes.length; length++) {
          const header = parseProxyHeader(bytes.subarray(0, length), 'auto');
          if (decided.kind === 'header') expect(header).to.deep.equal(decided);
          else if (decided.kind === 'refused') expect(header.kind).to.equal('refused');
          else decided = header;
          if (header.kind === 'header') expect(header.length).to.be.within(15, Math.min(length, LONGEST_PROXY_HEADER));
        }
      }),
    );
  });
});
