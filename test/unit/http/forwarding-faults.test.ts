import { expect } from 'chai';
import { forwardingFaults } from '../../../src/http/forwarding-faults.ts';

const right = {
  forwardedAllowIps: ['127.0.0.1', 'unix', '*'],
  proxyAllowIps: ['10.0.0.0/8'],
  secureSchemeHeaders: { 'X-Forwarded-Proto': 'https' },
  forwarderHeaders: ['SCRIPT_NAME', 'Remote-User'],
};

describe('forwardingFaults', () => {
  it('finds nothing in what is right', () => expect(forwardingFaults(right)).to.deep.equal([]));

  it('tells every fault, and the setting it is in', () => {
    const faults = forwardingFaults({
      forwardedAllowIps: ['localhost', '10.1.0.0/8'],
      proxyAllowIps: ['10.0.0.1:80'],
      secureSchemeHeaders: { 'X Proto': 'https', X_Forwarded_Proto: 'https' },
      forwarderHeaders: ['REMOTE USER', 'Größe'],
    });
    expect(faults).to.have.length(7);
    expect(faults[0]).to.match(/^In "forwardedAllowIps", "localhost" is no address/);
    expect(faults[1]).to.match(/^In "forwardedAllowIps", "10\.1\.0\.0\/8" .* Write 10\.0\.0\.0\/8/);
    expect(faults[2]).to.match(/^In "proxyAllowIps", "10\.0\.0\.1:80"/);
    expect(faults[3]).to.match(/^In "secureSchemeHeaders", "X Proto" is no name of a header field/);
    expect(faults[4]).to.match(
      /^In "secureSchemeHeaders", "X_Forwarded_Proto" .* Let the proxy send X-Forwarded-Proto/,
    );
    expect(faults[5]).to.match(/^In "forwarderHeaders", "REMOTE USER"/);
    expect(faults[6]).to.match(/^In "forwarderHeaders", "Größe"/);
  });
});
