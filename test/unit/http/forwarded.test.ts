import { expect } from 'chai';
import { createForwarding, type Examined, type ForwardingSettings } from '../../../src/http/forwarded.ts';
import type { Peer } from '../../../src/http/peer.ts';
import fc from '../../support/random.ts';

const defaults: ForwardingSettings = {
  forwardedAllowIps: ['127.0.0.1', '::1'],
  secureSchemeHeaders: { 'X-FORWARDED-PROTOCOL': 'ssl', 'X-FORWARDED-PROTO': 'https', 'X-FORWARDED-SSL': 'on' },
  forwarderHeaders: ['SCRIPT_NAME', 'PATH_INFO'],
  headerMap: 'drop',
};
const peer = (address: string, encrypted = false): Peer => ({ address, port: 4711, encrypted });
const proxy = peer('127.0.0.1');
const stranger = peer('203.0.113.5');

/** `['Name: value', …]` as the engine gives it. */
const head = (...lines: string[]): string[] =>
  lines.flatMap((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]);

const examine = (lines: readonly string[], from: Peer, settings: Partial<ForwardingSettings> = {}): Examined =>
  createForwarding({ ...defaults, ...settings }).examine(head(...lines), from);

function passed(lines: readonly string[], from: Peer, settings: Partial<ForwardingSettings> = {}) {
  const examined = examine(lines, from, settings);
  if (examined.kind === 'refused') throw new Error(examined.reason);
  return examined;
}

/** The names of the fields that are left. */
const left = (...args: Parameters<typeof passed>): string[] =>
  passed(...args).fields.filter((_, index) => index % 2 === 0);

const clientOf = (...args: Parameters<typeof passed>): string => passed(...args).clientAddress;
const isSecure = (...args: Parameters<typeof passed>): boolean => passed(...args).secure;
const reasonOf = (...args: Parameters<typeof examine>): string => {
  const examined = examine(...args);
  return examined.kind === 'refused' ? examined.reason : 'passed';
};

/** S6: what a client may try. Each line is a field that a stranger must not get past the server. */
const spoofs: readonly string[] = [
  'X-Forwarded-For: 10.0.0.1',
  'x-forwarded-for: 10.0.0.1',
  'X-FORWARDED-HOST: evil.example',
  'X-Forwarded-Port: 443',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Protocol: ssl',
  'X-Forwarded-Ssl: on',
  'X-Forwarded-Prefix: /evil',
  'X-Forwarded-: 1',
  'X-Forwarded-Client-Cert-Of-A-Name-That-Is-Very-Long: 1',
  'Forwarded: for=10.0.0.1;proto=https',
  'fORWARDED: for=10.0.0.1',
  'X-Real-IP: 10.0.0.1',
  'x-real-ip: 10.0.0.1',
  'X_Forwarded_For: 10.0.0.1',
  'X-Forwarded_For: 10.0.0.1',
  'X_FORWARDED-PROTO: https',
  'X_Real_IP: 10.0.0.1',
  'Script-Name: /evil',
  'SCRIPT_NAME: /evil',
  'script_name: /evil',
  'Path-Info: /evil',
  'PATH_INFO: /evil',
  '_X-Forwarded-For: 1',
  'Proxy: http://evil.example',
  'PROXY: http://evil.example',
];

describe('createForwarding', () => {
  describe('fields of a peer that is no trusted proxy', () => {
    for (const spoof of spoofs) {
      it(`never reach the application: ${spoof}`, () => {
        for (const from of [stranger, peer('::ffff:203.0.113.5'), peer('')]) {
          const lines = ['Host: a', spoof, 'Accept: b', spoof, 'X-Request-Id: c'];
          const examined = passed(lines, from);
          expect(examined.fields).to.deep.equal(head('Host: a', 'Accept: b', 'X-Request-Id: c'));
          expect(examined.secure).to.equal(false);
          expect(examined.clientAddress).to.equal(from.address === '' ? '' : '203.0.113.5');
        }
      });
    }

    it('are removed by the names of the settings, however they are spelt', () => {
      const settings = {
        secureSchemeHeaders: { 'Front-End-Https': 'on' },
        forwarderHeaders: ['Remote-User', 'X_ROLE'],
      };
      const lines = [
        'FRONT-END-HTTPS: on',
        'front_end_https: on',
        'Remote_User: root',
        'REMOTE-USER: root',
        'x-role: 0',
      ];
      expect(left([...lines, 'Remote-Users: 1', 'Host: a'], stranger, settings)).to.deep.equal([
        'Remote-Users',
        'Host',
      ]);
    });

    it('do not make a plain connection secure nor an encrypted one plain', () => {
      expect(isSecure(['X-Forwarded-Proto: https'], stranger)).to.equal(false);
      expect(isSecure(['X-Forwarded-Proto: http'], peer('203.0.113.5', true))).to.equal(true);
    });

    it('contradict each other without harm', () => {
      expect(left(['X-Forwarded-Proto: http', 'X-Forwarded-Ssl: on'], stranger)).to.deep.equal([]);
    });
  });

  describe('fields that concern nobody', () => {
    const lines = [
      'Host: a',
      'X-Forwarder: 1',
      'Proxy-Authorization: 2',
      'X-Real: 3',
      'Forward: 4',
      'Script: 5',
      ': 6',
    ];

    it('are the same array', () => {
      for (const from of [stranger, proxy]) {
        const fields = head(...lines);
        const examined = createForwarding(defaults).examine(fields, from);
        expect(examined).to.include({ kind: 'passed', secure: false, clientAddress: from.address });
        expect(examined.kind === 'passed' && examined.fields).to.equal(fields);
      }
    });

    it('are the same array beside those of a trusted proxy', () => {
      const fields = head('X-Forwarded-For: 1.2.3.4', 'X-Forwarded-Proto: https', 'SCRIPT_NAME: /app', 'Host: a');
      const examined = createForwarding(defaults).examine(fields, proxy);
      expect(examined.kind === 'passed' && examined.fields).to.equal(fields);
    });

    it('may be none', () => {
      expect(passed([], peer('::ffff:192.0.2.9', true))).to.deep.equal({
        kind: 'passed',
        fields: [],
        clientAddress: '192.0.2.9',
        secure: true,
      });
    });
  });

  describe('fields of a trusted proxy', () => {
    it('pass, but for Proxy', () => {
      const lines = ['X-Forwarded-Host: a', 'Forwarded: for=1.2.3.4', 'X-Real-IP: 1.2.3.4', 'Proxy: b', 'proxy: c'];
      expect(left(lines, proxy)).to.deep.equal(['X-Forwarded-Host', 'Forwarded', 'X-Real-IP']);
    });

    it('pass from a unix socket only where unix is said', () => {
      const lines = ['X-Forwarded-For: 1.2.3.4'];
      expect(clientOf(lines, peer(''), { forwardedAllowIps: ['*'] })).to.equal('');
      expect(left(lines, peer(''), { forwardedAllowIps: ['*'] })).to.deep.equal([]);
      expect(clientOf(lines, peer(''), { forwardedAllowIps: ['unix'] })).to.equal('1.2.3.4');
      expect(clientOf(lines, peer('127.0.0.1'), { forwardedAllowIps: ['unix'] })).to.equal('127.0.0.1');
    });

    it('pass under a name of forwarderHeaders just as the setting spells it', () => {
      const lines = ['SCRIPT_NAME: /app', 'Script-Name: /slipped', 'script_name: /app', 'SCRIPT-NAME: /slipped'];
      for (const headerMap of ['drop', 'refuse'] as const) {
        expect(left(lines, proxy, { headerMap })).to.deep.equal(['SCRIPT_NAME', 'script_name']);
        expect(
          left(['Remote-User: a', 'REMOTE_USER: b'], proxy, { headerMap, forwarderHeaders: ['remote-user'] }),
        ).to.deep.equal(['Remote-User']);
      }
    });

    it('are still read when forwarderHeaders names them too', () => {
      const settings = { forwarderHeaders: ['X-Forwarded-For', 'X-Forwarded-Proto'] };
      const lines = ['X-Forwarded-For: 1.2.3.4', 'X-Forwarded-Proto: https'];
      expect(passed(lines, proxy, settings)).to.include({ clientAddress: '1.2.3.4', secure: true });
    });
  });

  describe('names with "_"', () => {
    it('are removed, whoever sends them', () => {
      for (const from of [stranger, proxy]) {
        expect(left(['X_Y: 1', 'Host: a', '_: 2', 'A_: 3', 'X_Forwarded_Proto: https'], from)).to.deep.equal(['Host']);
      }
      expect(isSecure(['X_Forwarded_Proto: https'], proxy)).to.equal(false);
      expect(clientOf(['X_Forwarded_For: 1.2.3.4'], proxy)).to.equal('127.0.0.1');
    });

    it('are refused where headerMap says so, but for those of forwarderHeaders', () => {
      const settings = { headerMap: 'refuse' } as const;
      for (const from of [stranger, proxy]) {
        expect(reasonOf(['Host: a', 'X_Y: 1'], from, settings)).to.equal(
          'The field name "X_Y" holds "_", and headerMap is "refuse".',
        );
        expect(reasonOf(['X_Forwarded_For: 1'], from, settings)).to.contain('"X_Forwarded_For"');
      }
      expect(left(['SCRIPT_NAME: /evil', 'Host: a'], stranger, settings)).to.deep.equal(['Host']);
      expect(left(['SCRIPT_NAME: /app', 'Host: a'], proxy, settings)).to.deep.equal(['SCRIPT_NAME', 'Host']);
    });

    it('are not quoted at full length', () => {
      expect(reasonOf([`_${'x'.repeat(8_000)}: 1`], stranger, { headerMap: 'refuse' }).length).to.be.lessThan(150);
    });
  });

  describe('clientAddress by X-Forwarded-For', () => {
    const nets = { forwardedAllowIps: ['127.0.0.1', '10.0.0.0/8', '2001:db8::/32'] };
    const cases: readonly (readonly [lines: readonly string[], client: string])[] = [
      [['1.2.3.4'], '1.2.3.4'],
      [['6.6.6.6, 1.2.3.4'], '1.2.3.4'],
      [['6.6.6.6, 1.2.3.4, 10.0.0.7'], '1.2.3.4'],
      [['6.6.6.6,1.2.3.4,10.0.0.7 ,\t10.0.0.8'], '1.2.3.4'],
      [['6.6.6.6', '1.2.3.4', '10.0.0.7'], '1.2.3.4'],
      [['6.6.6.6, 10.0.0.9', '10.0.0.8, 10.0.0.7'], '6.6.6.6'],
      [['10.0.0.9, 10.0.0.8'], '10.0.0.9'],
      [['1.2.3.4:5678'], '1.2.3.4'],
      [['[2001:DB9::1]:443'], '2001:db9::1'],
      [['[2001:db9::1]'], '2001:db9::1'],
      [['2001:db9:0::1'], '2001:db9::1'],
      [['::ffff:1.2.3.4'], '1.2.3.4'],
      [['1.2.3.4, ::ffff:10.0.0.7, [2001:db8::5]:80, 10.0.0.7:1'], '1.2.3.4'],
      [['fe80::1%eth0'], 'fe80::1%eth0'],
      [['1.2.3.4, garbage'], '127.0.0.1'],
      [['1.2.3.4, unknown, 10.0.0.7'], '10.0.0.7'],
      [['1.2.3.4, _hidden, 10.0.0.8, 10.0.0.7'], '10.0.0.8'],
      [['1.2.3.4, , 10.0.0.7'], '10.0.0.7'],
      [['1.2.3.4,'], '127.0.0.1'],
      [['1.2.3.4', ''], '127.0.0.1'],
      [[''], '127.0.0.1'],
      [[','], '127.0.0.1'],
      [['unix:'], '127.0.0.1'],
      [['"1.2.3.4"'], '127.0.0.1'],
      [['1.2.3.4 5.6.7.8'], '127.0.0.1'],
      [['1.2.3.4:x'], '127.0.0.1'],
      [['1.2.3.4:'], '127.0.0.1'],
      [['[1.2.3.4]:80'], '127.0.0.1'],
      [['[::1'], '127.0.0.1'],
      [['::1]'], '127.0.0.1'],
      [['[::1]x'], '127.0.0.1'],
      [['0177.0.0.1'], '127.0.0.1'],
      [['localhost'], '127.0.0.1'],
    ];
    for (const [lines, client] of cases) {
      it(`is ${client} for ${lines.map((line) => JSON.stringify(line)).join(' and ')}`, () => {
        const fields = lines.map((line) => `X-Forwarded-For: ${line}`);
        expect(clientOf(fields, proxy, nets)).to.equal(client);
      });
    }

    it('stays the unix socket where nobody says more', () => {
      expect(clientOf(['X-Forwarded-For: unix:'], peer(''), { forwardedAllowIps: ['unix'] })).to.equal('');
    });

    it('is the leftmost where everybody is trusted', () => {
      expect(clientOf(['X-Forwarded-For: 1.2.3.4, 5.6.7.8'], stranger, { forwardedAllowIps: ['*'] })).to.equal(
        '1.2.3.4',
      );
      expect(clientOf(['X-Forwarded-For: 1.2.3.4, x, 5.6.7.8'], stranger, { forwardedAllowIps: ['*'] })).to.equal(
        '5.6.7.8',
      );
    });

    it('is never what a client puts in front of what a trusted proxy appends', () => {
      const anything = fc.string({ unit: fc.constantFrom(...'0123456789.:,;" []%_=forunkw\t'), maxLength: 60 });
      fc.assert(
        fc.property(fc.array(anything, { maxLength: 3 }), anything, fc.boolean(), (lines, start, joined) => {
          const appended = joined ? [...lines, `${start}, 198.51.100.7`] : [...lines, start, '198.51.100.7'];
          expect(
            clientOf(
              appended.map((line) => `X-Forwarded-For: ${line}`),
              proxy,
            ),
          ).to.equal('198.51.100.7');
        }),
      );
    });
  });

  describe('clientAddress by Forwarded', () => {
    const nets = { forwardedAllowIps: ['127.0.0.1', '10.0.0.0/8'] };
    const cases: readonly (readonly [lines: readonly string[], client: string])[] = [
      [['for=1.2.3.4'], '1.2.3.4'],
      [['for=6.6.6.6, for=1.2.3.4;proto=http, for=10.0.0.7'], '1.2.3.4'],
      [['for=6.6.6.6', 'for="1.2.3.4:80"', 'for=10.0.0.7'], '1.2.3.4'],
      [['for=10.0.0.9, for=10.0.0.8'], '10.0.0.9'],
      [['for="[2001:db8::1]:443"'], '2001:db8::1'],
      [['for="[2001:db8::1]:_port"'], '2001:db8::1'],
      [['for="2001:db8::1"'], '127.0.0.1'],
      [['for=1.2.3.4, for=unknown, for=10.0.0.7'], '10.0.0.7'],
      [['for=1.2.3.4, for=_x'], '127.0.0.1'],
      [['for=1.2.3.4, proto=https'], '127.0.0.1'],
      [['for=1.2.3.4, for=10.0.0.7,'], '127.0.0.1'],
      [['for="6.6.6.6, for=1.2.3.4'], '127.0.0.1'],
      [['for="6.6.6.6', 'for=1.2.3.4'], '1.2.3.4'],
      [['for="6.6.6.6', 'for=10.0.0.7'], '10.0.0.7'],
      [['for=6.6.6.6', 'for="x', 'for=10.0.0.7'], '10.0.0.7'],
      [['for=6.6.6.6', 'for="x'], '127.0.0.1'],
    ];
    for (const [lines, client] of cases) {
      it(`is ${client} for ${lines.join(' and ')}`, () => {
        const fields = lines.map((line) => `Forwarded: ${line}`);
        expect(clientOf(fields, proxy, nets)).to.equal(client);
      });
    }

    it('gives way to X-Forwarded-For, even to one that says nothing', () => {
      expect(clientOf(['Forwarded: for=1.1.1.1', 'X-Forwarded-For: 2.2.2.2'], proxy)).to.equal('2.2.2.2');
      expect(clientOf(['Forwarded: for=1.1.1.1', 'X-Forwarded-For: unknown'], proxy)).to.equal('127.0.0.1');
    });
  });

  describe('secure', () => {
    const cases: readonly (readonly [lines: readonly string[], encrypted: boolean, secure: boolean])[] = [
      [[], false, false],
      [[], true, true],
      [['X-Forwarded-Proto: https'], false, true],
      [['X-Forwarded-Proto: HTTPS'], false, true],
      [['X-Forwarded-Proto: https, https'], false, true],
      [['X-Forwarded-Proto: https', 'X-Forwarded-Proto: HTTPS'], false, true],
      [['X-Forwarded-Proto: https', 'X-Forwarded-Ssl: ON', 'X-Forwarded-Protocol: ssl'], false, true],
      [['X-Forwarded-Proto: http'], false, false],
      [['X-Forwarded-Proto: http'], true, false],
      [['X-Forwarded-Proto: '], true, false],
      [['X-Forwarded-Proto: http', 'X-Forwarded-Ssl: off'], false, false],
      [['X-Forwarded-Proto: ssl'], false, false],
      [['Forwarded: for=1.2.3.4;proto=https'], false, true],
      [['Forwarded: proto=HTTPS'], false, true],
      [['Forwarded: for=unknown;proto=https'], false, true],
      [['Forwarded: for=1.2.3.4;proto=http'], true, false],
      [['Forwarded: for=1.2.3.4'], true, true],
      [['Forwarded: for=6.6.6.6;proto=https, for=1.2.3.4;proto=http'], false, false],
      [['Forwarded: for=1.2.3.4;proto=https, for=127.0.0.1;proto=http'], false, true],
      [['Forwarded: for="x;proto=https'], false, false],
      [['Forwarded: proto=https', 'X-Forwarded-Proto: http'], false, false],
      [['Forwarded: for=1.2.3.4;proto=https', 'X-Forwarded-For: 1.2.3.4'], false, true],
    ];
    for (const [lines, encrypted, secure] of cases) {
      it(`is ${secure} for ${lines.join(' and ') || 'nothing'} ${encrypted ? 'over TLS' : 'in clear'}`, () => {
        expect(isSecure(lines, peer('127.0.0.1', encrypted))).to.equal(secure);
      });
    }

    const contradictions: readonly (readonly string[])[] = [
      ['X-Forwarded-Proto: https', 'X-Forwarded-Ssl: off'],
      ['X-Forwarded-Ssl: on', 'X-Forwarded-Proto: http'],
      ['X-Forwarded-Protocol: ', 'X-Forwarded-Proto: https'],
      ['X-Forwarded-Proto: https, http'],
      ['X-Forwarded-Proto: http', 'X-Forwarded-Proto: https'],
      ['X-Forwarded-Proto: http', 'Host: a', 'x-forwarded-proto: ws'],
      ['X-Forwarded-Proto: https,'],
    ];
    for (const lines of contradictions) {
      it(`is refused for ${lines.join(' and ')}`, () => {
        expect(reasonOf(lines, proxy)).to.match(/^The trusted fields? "X-Forwarded-\w+".* contradict each other/i);
      });
    }
  });

  it('takes time that grows with the length only', () => {
    const lines = [
      ...Array.from({ length: 50 }, () => `X-Forwarded-For: ${'1.2.3.4,'.repeat(300)} 1.2.3.4`),
      ...Array.from({ length: 50 }, () => `Forwarded: ${'for=1.2.3.4,'.repeat(300)}for=1.2.3.4`),
      `X-Forwarded-Proto: ${'https,'.repeat(10_000)}https`,
      `X-Forwarded-For: ${','.repeat(100_000)}`,
    ];
    const startedMs = performance.now();
    passed(lines, stranger, { forwardedAllowIps: ['*'] });
    expect(performance.now() - startedMs).to.be.lessThan(1_000);
  });

  it('keeps order and values of what it leaves, whatever is sent', () => {
    const name = fc.oneof(
      fc.constantFrom('Host', 'X-Forwarded-For', 'x_y', 'Proxy', 'Accept', 'SCRIPT_NAME', 'Forwarded', 'X-Real-IP'),
      fc.string({ unit: fc.constantFrom(...'xXfFpP-_orwarded'), maxLength: 20 }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string())), (fields) => {
        const examined = createForwarding(defaults).examine(fields.flat(), stranger);
        const isAllowed = (text: string) =>
          !/^(x-forwarded-.*|forwarded|x-real-ip|proxy|script-name|path-info|.*_.*)$/i.test(text);
        expect(examined.kind === 'passed' && examined.fields).to.deep.equal(
          fields.filter(([text]) => isAllowed(text)).flat(),
        );
      }),
    );
  });
});
