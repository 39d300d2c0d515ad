import { expect } from 'chai';
import { ticketKeysOf } from '../../../src/master/ticket-keys.ts';

describe('ticketKeysOf', () => {
  const secret = Buffer.alloc(32, 7);
  const tls = { key: 'key', cert: 'cert', ca: 'ca' };
  const facts = { config: { clientCert: 'required' as const }, hooks: {}, tls, generation: 1 };
  const keys = ticketKeysOf(secret, facts);

  it('gives the 48 bytes that node:tls wants', () => expect(Buffer.from(keys, 'base64')).to.have.length(48));

  it('gives the same ones to every worker, and after a reload that leaves the certificates alone', () => {
    expect(ticketKeysOf(secret, { ...facts, generation: 2 })).to.equal(keys);
  });

  const others = {
    'another certificate': { ...facts, tls: { ...tls, cert: 'other' } },
    'another authority': { ...facts, tls: { ...tls, ca: 'other' } },
    'no authority': { ...facts, tls: { ...tls, ca: null } },
    'another clientCert': { ...facts, config: { clientCert: 'optional' as const } },
    'a tlsContext hook': { ...facts, hooks: { tlsContext: () => ({}) } },
  };
  for (const [what, other] of Object.entries(others)) {
    it(`gives others with ${what}`, () => expect(ticketKeysOf(secret, other)).not.to.equal(keys));
  }

  it('gives others to each generation with a tlsContext hook', () => {
    const hooks = { tlsContext: () => ({}) };
    expect(ticketKeysOf(secret, { ...facts, hooks })).not.to.equal(
      ticketKeysOf(secret, { ...facts, hooks, generation: 2 }),
    );
  });

  it('gives others to another master', () => expect(ticketKeysOf(Buffer.alloc(32, 8), facts)).not.to.equal(keys));
});
