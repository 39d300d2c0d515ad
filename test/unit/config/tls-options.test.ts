import { createSecureContext } from 'node:tls';
import { expect } from 'chai';
import { tlsOptionsOf } from '../../../src/config/tls-options.ts';
import { pem } from '../../support/tls-client.ts';

describe('tlsOptionsOf', () => {
  const files = { key: pem('server.key'), cert: pem('server.pem'), ca: null };
  const settings = { ciphers: null, clientCert: 'none', minVersion: 'TLSv1.2' } as const;

  it('takes the ciphers of Node.js where none are named', () => {
    expect(tlsOptionsOf(settings, files)).not.to.have.property('ciphers');
  });

  it('keeps TLS 1.3 where only ciphers of TLS 1.2 are named, and takes the list as it is where one of TLS 1.3 is', () => {
    expect(tlsOptionsOf({ ...settings, ciphers: 'ECDHE+AESGCM' }, files).ciphers).to.match(/^TLS_.*:ECDHE\+AESGCM$/);
    const own = 'TLS_AES_128_GCM_SHA256:ECDHE+AESGCM';
    expect(tlsOptionsOf({ ...settings, ciphers: own }, files).ciphers).to.equal(own);
  });

  const asked = { none: [false, false], optional: [true, false], required: [true, true] } as const;
  for (const clientCert of ['none', 'optional', 'required'] as const) {
    it(`makes of clientCert '${clientCert}' what node:tls calls it`, () => {
      const { requestCert, rejectUnauthorized } = tlsOptionsOf({ ...settings, clientCert }, files);
      expect([requestCert, rejectUnauthorized]).to.deep.equal(asked[clientCert]);
    });
  }

  it('speaks http/1.1 alone, and is understood by node:tls', () => {
    const options = tlsOptionsOf(settings, { ...files, ca: pem('ca.pem') });
    expect(options.ALPNProtocols).to.deep.equal(['http/1.1']);
    createSecureContext(options);
  });
});
