import { expect } from 'chai';
import { sourceOf } from '../../../src/config/layer.ts';
import { merge } from '../../../src/config/merge.ts';
import { checkRules } from '../../../src/config/rules.ts';
import { resolveValid } from '../../../src/config/validate.ts';

function faultsFor(values: Record<string, unknown>): string[] {
  const source = sourceOf.file('/srv/tsunicorn.conf.ts');
  const merged = merge([new Map(Object.entries(values).map(([name, value]) => [name, { value, source }]))]);
  return checkRules({ config: resolveValid(merged), merged });
}

describe('checkRules', () => {
  it('is silent about a configuration that is right', () => {
    expect(faultsFor({ app: 'a.ts', maxRequests: 10, maxRequestsJitter: 2, bind: ['a:1', 'a:2'] })).to.deep.equal([]);
  });

  it('asks for an application', () => {
    expect(faultsFor({})).to.deep.equal([
      'No application given: name it on the command line ("tsunicorn ./app.ts") or set "app" in the config file.',
    ]);
  });

  it('does not ask for an application that is given wrongly', () => expect(faultsFor({ app: 3 })).to.deep.equal([]));

  it('refuses maxRequestsJitter without maxRequests', () => {
    expect(faultsFor({ app: 'a', maxRequestsJitter: 5 })).to.have.lengthOf(1);
    expect(faultsFor({ app: 'a', maxRequestsJitter: 5 })[0]).to.match(/^"maxRequestsJitter" is 5 .*"maxRequests" is 0/);
  });

  const same: readonly string[][] = [
    ['127.0.0.1:8000', '127.0.0.1:8000'],
    ['8000', '127.0.0.1:8000'],
    [':8000', '0.0.0.0:8000'],
    ['LOCALHOST:1', 'localhost:1'],
    ['unix:/a', 'unix:/a'],
  ];
  for (const bind of same) {
    it(`refuses ${bind.join(' and ')}`, () => expect(faultsFor({ app: 'a', bind })).to.have.lengthOf(1));
  }

  const different: readonly string[][] = [
    ['127.0.0.1:0', '127.0.0.1:0'],
    ['unix:/a', 'unix:/A'],
    ['127.0.0.1:8000', '[::1]:8000'],
  ];
  for (const bind of different) {
    it(`allows ${bind.join(' and ')}`, () => expect(faultsFor({ app: 'a', bind })).to.deep.equal([]));
  }

  const pair = { keyFile: '/k', certFile: '/c' };
  const unfit: [string, Record<string, unknown>, RegExp][] = [
    [
      'a key without a certificate',
      { keyFile: '/k' },
      /^"keyFile" \(from the file tsunicorn\.conf\.ts\).*without "certFile"/,
    ],
    ['a certificate without a key', { certFile: '/c' }, /^"certFile".*without "keyFile"/],
    ['ciphers without TLS', { ciphers: 'ALL' }, /^"ciphers".*only with TLS/],
    [
      'clientCert without an authority',
      { ...pair, clientCert: 'optional' },
      /^"clientCert" is 'optional'.*no "caFile"/,
    ],
    [
      'threads for Node.js',
      { interface: 'node', threads: 2 },
      /^"threads" .*only for Python.*'node'.*Remove "threads"/,
    ],
    ['a JavaScript file for WSGI', { app: './a.ts:b', interface: 'wsgi' }, /^"interface" is 'wsgi'.*"\.\/a\.ts:b"/],
    ['an authority without clientCert', { ...pair, caFile: '/ca' }, /^"caFile".*"clientCert" is 'none'/],
  ];
  for (const [what, values, sentence] of unfit) {
    it(`refuses ${what}`, () => {
      const faults = faultsFor({ app: 'a', ...values });
      expect(faults).to.have.lengthOf(1);
      expect(faults[0]).to.match(sentence);
    });
  }

  it('allows the settings of Python where the application may be one of Python', () => {
    const values = { app: 'shop.wsgi', processes: 4, threads: 2, preloadApp: true, queueTimeout: 1 };
    expect(faultsFor(values)).to.deep.equal([]);
    expect(faultsFor({ ...values, interface: 'wsgi' })).to.deep.equal([]);
    expect(faultsFor({ app: 'a.js', interface: 'node' })).to.deep.equal([]);
  });

  it('allows a key with a certificate, and an authority with clientCert', () => {
    expect(faultsFor({ app: 'a', ...pair })).to.deep.equal([]);
    expect(faultsFor({ app: 'a', ...pair, caFile: '/ca', clientCert: 'required' })).to.deep.equal([]);
  });
});
