import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readTlsFiles } from '../../../src/master/tls-files.ts';
import { fixture } from '../../support/command.ts';
import { pem } from '../../support/tls-client.ts';
import { sampleConfig } from '../config/sample-config.ts';

describe('readTlsFiles', () => {
  const file = (name: string) => fixture(`tls/${name}`);
  const pair = { keyFile: file('server.key'), certFile: file('server.pem') };
  const read = (settings: object) => readTlsFiles({ ...sampleConfig(), ...settings });
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'tsunicorn-tls-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));
  const written = (text: string) => {
    const path = join(dir, 'file.pem');
    writeFileSync(path, text);
    return path;
  };

  it('is null without TLS', () => expect(read({})).to.deep.equal({ files: null, faults: [] }));

  it('gives what was read, a chain and comments as they stand', () => {
    const chain = `the server's own, é\n${pem('server.pem')}\n${pem('ca.pem')}`;
    const { files, faults } = read({
      ...pair,
      certFile: written(chain),
      caFile: file('ca.pem'),
      clientCert: 'required',
    });
    expect(faults).to.deep.equal([]);
    expect(files?.key).to.equal(pem('server.key'));
    expect(files?.cert).to.contain(pem('server.pem')).and.to.contain(pem('ca.pem'));
    expect(files?.ca).to.equal(pem('ca.pem'));
  });

  it('lets a certificate after the first one be expired', () => {
    const { faults } = read({ ...pair, certFile: written(pem('server.pem') + pem('expired.pem')) });
    expect(faults).to.deep.equal([]);
  });

  const garbled = pem('server.pem').replace(/\n[^\n]{64}\n/, '\nAAAA\n');
  const cases: [string, () => object, RegExp][] = [
    ['a key of another certificate', () => ({ keyFile: file('renewed.key') }), /"keyFile".*does not fit.*"certFile"/],
    ['a chain in the wrong order', () => ({ certFile: written(pem('ca.pem') + pem('server.pem')) }), /stands first/],
    [
      'an expired certificate',
      () => ({ certFile: file('expired.pem') }),
      /CN=expired\.test.*expired on 2021-01-01 00:00:00 UTC/,
    ],
    ['one of the future', () => ({ certFile: file('future.pem') }), /not valid before 2100-01-01 00:00:00 UTC.*clock/],
    ['an encrypted key', () => ({ keyFile: file('encrypted.key') }), /is encrypted.*openssl pkey/],
    ['the two exchanged', () => ({ keyFile: pair.certFile }), /are "keyFile" and "certFile" swapped/],
    ['a key that is none', () => ({ keyFile: written('hello') }), /no private key in PEM/],
    [
      'a garbled key',
      () => ({ keyFile: written('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n') }),
      /private key that OpenSSL cannot read/,
    ],
    ['a garbled certificate', () => ({ certFile: written(garbled) }), /certificate that OpenSSL cannot read/],
    ['an empty file', () => ({ certFile: written('') }), /no certificate in PEM/],
    [
      'a file that is not there',
      () => ({ keyFile: join(dir, 'none') }),
      /"keyFile" \(.*\/none\) cannot be read: there is no such file/,
    ],
    ['a directory', () => ({ keyFile: dir }), /no regular file/],
    ['a device', () => ({ caFile: '/dev/zero', clientCert: 'required' }), /"caFile".*no regular file/],
    ['a huge file', () => ({ certFile: written('x'.repeat(5_000_000)) }), /5000000 bytes/],
    [
      'ciphers that nobody knows',
      () => ({ ciphers: 'NO-SUCH' }),
      /"ciphers" is "NO-SUCH".*no cipher match.*openssl ciphers/,
    ],
  ];
  for (const [what, settings, sentence] of cases) {
    it(`refuses ${what}, in one sentence without the key`, () => {
      const { files, faults } = read({ ...pair, ...settings() });
      expect(files).to.equal(null);
      expect(faults).to.have.length(1);
      expect(faults[0]).to.match(sentence).and.to.match(/\.$/).and.not.to.contain('\n');
      expect(faults[0]).not.to.contain(pem('server.key').split('\n')[1]);
    });
  }

  it('tells of all files at once', () => {
    const { faults } = read({ keyFile: join(dir, 'a'), certFile: join(dir, 'b'), caFile: join(dir, 'c') });
    expect(faults).to.have.length(3);
  });
});
