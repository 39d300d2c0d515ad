import { expect } from 'chai';
import { compileTrust } from '../../../src/http/trusted-peers.ts';
import fc from '../../support/random.ts';

describe('compileTrust', () => {
  const cases: readonly (readonly [
    entries: readonly string[],
    trusted: readonly string[],
    others: readonly string[],
  ])[] = [
    [[], [], ['127.0.0.1', '::1', '']],
    [['127.0.0.1'], ['127.0.0.1', '::ffff:127.0.0.1', '::ffff:7f00:1'], ['127.0.0.2', '::1', '::127.0.0.1', '']],
    [['::ffff:10.1.2.3'], ['10.1.2.3', '::ffff:10.1.2.3'], ['10.1.2.4', '::10.1.2.3']],
    [['2001:DB8:0::1'], ['2001:db8::1', '2001:0db8:0:0:0:0:0:1'], ['2001:db8::2']],
    [
      ['10.0.0.0/8', '192.168.4.0/22'],
      ['10.0.0.0', '10.255.255.255', '::ffff:10.1.1.1', '192.168.7.255'],
      ['9.255.255.255', '11.0.0.0', '192.168.8.0', '192.168.3.255', 'a00::'],
    ],
    [['10.1.2.3/32'], ['10.1.2.3'], ['10.1.2.2']],
    [['0.0.0.0/0'], ['1.2.3.4', '::ffff:1.2.3.4'], ['2001:db8::1', '']],
    [['::ffff:10.0.0.0/104'], ['10.1.2.3'], ['11.1.2.3', '::1']],
    [['2001:db8::/33'], ['2001:db8:7fff::1'], ['2001:db8:8000::1', '10.0.0.1']],
    [['::/0'], ['::1', 'fe80::1%eth0'], ['1.2.3.4', '::ffff:1.2.3.4', '']],
    [['fe80::1'], ['fe80::1', 'fe80::1%eth0', 'FE80::1%eth1'], ['fe80::2%eth0']],
    [['fe80::1%eth0'], ['fe80::1%eth0'], ['fe80::1', 'fe80::1%eth1']],
    [['fe80::%eth0/64'], ['fe80::7%eth0'], ['fe80::7', 'fe80::7%eth1', 'fe80:0:0:1::7%eth0']],
    [['fe80::/10'], ['fe80::7%eth0', 'febf::1'], ['fec0::1']],
    [['*'], ['1.2.3.4', '::1', 'fe80::1%eth0'], ['']],
    [['unix'], [''], ['127.0.0.1', 'unix', '::1']],
    [['*', 'unix'], ['', '1.2.3.4'], []],
    [['10.0.0.0/8'], [], ['garbage', '10.0.0', '010.0.0.1', '10.0.0.1:80']],
  ];
  for (const [entries, trusted, others] of cases) {
    it(`by ${entries.join(', ') || 'nothing'} trusts ${trusted.join(', ') || 'nobody'}`, () => {
      const trust = compileTrust(entries);
      expect(trust.faults).to.deep.equal([]);
      expect(trusted.filter((address) => !trust.trusts(address))).to.deep.equal([]);
      expect(others.filter((address) => trust.trusts(address))).to.deep.equal([]);
    });
  }

  const bad: readonly (readonly [string, RegExp])[] = [
    ['localhost', /"localhost" is no address to trust: names are not looked up/],
    ['proxy-1.internal', /names are not looked up/],
    ['10.0.0.1:8080', /without the port/],
    ['[::1]', /without brackets/],
    ['unix:/run/app.sock', /the word unix, without a path/],
    ['10.0.0.*', /write an IPv4 or IPv6 address, a range such as/],
    ['010.0.0.1', /no address to trust/],
    ['10/8', /no address to trust/],
    ['10.0.0.0/33', /from 0 to 32/],
    ['10.0.0.0/', /from 0 to 32/],
    ['10.0.0.0/08', /from 0 to 32/],
    ['10.0.0.0/255.0.0.0', /from 0 to 32/],
    ['10.0.0.0/8/8', /from 0 to 32/],
    ['2001:db8::/129', /from 0 to 128/],
    ['::ffff:10.0.0.0/8', /from 96 to 128/],
    ['10.1.2.3/8', /Write 10\.0\.0\.0\/8 for the range, or 10\.1\.2\.3 for the one address/],
    ['192.168.5.0/22', /Write 192\.168\.4\.0\/22/],
    ['2001:db8::1/32', /Write 2001:db8::\/32/],
    ['', /no address to trust/],
    [' 10.0.0.1', /no address to trust/],
    ['**', /no address to trust/],
  ];
  for (const [entry, sentence] of bad) {
    it(`refuses ${JSON.stringify(entry)} with a sentence, and trusts nobody by it`, () => {
      const { faults, trusts } = compileTrust([entry]);
      expect(faults).to.have.length(1);
      expect(faults[0]).to.match(sentence);
      expect(
        ['', '10.0.0.1', '10.1.2.3', '::1', '127.0.0.1', entry].filter((address) => trusts(address)),
      ).to.deep.equal([]);
    });
  }

  it('goes on behind a fault', () => {
    const { faults, trusts } = compileTrust(['nonsense!', '10.0.0.1', '300.0.0.1']);
    expect(faults).to.have.length(2);
    expect(trusts('10.0.0.1')).to.equal(true);
  });

  it('cuts IPv4 ranges where arithmetic says', () => {
    const bits = fc.integer({ min: 0, max: 32 });
    fc.assert(
      fc.property(fc.nat({ max: 0xffffffff }), fc.nat({ max: 0xffffffff }), bits, (a, b, prefix) => {
        const size = 2 ** (32 - prefix);
        const first = Math.floor(a / size) * size;
        const dotted = (n: number) => [24, 16, 8, 0].map((shift) => Math.floor(n / 2 ** shift) % 256).join('.');
        const { trusts, faults } = compileTrust([`${dotted(first)}/${prefix}`]);
        expect(faults).to.deep.equal([]);
        expect(trusts(dotted(b))).to.equal(b >= first && b < first + size);
        expect(trusts(dotted(a))).to.equal(true);
      }),
    );
  });
});
