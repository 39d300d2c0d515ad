import { expect } from 'chai';
import { createHandshakeLog } from '../../../src/worker/handshake-log.ts';

describe('createHandshakeLog', () => {
  it('logs one line a second, and how many were not logged', () => {
    let nowMs = 0;
    const lines: unknown[] = [];
    const failed = createHandshakeLog({ event: (name, fields) => void lines.push({ name, ...fields }) }, () => nowMs);
    const peer = { address: '192.0.2.1', port: 1, encrypted: false };
    const line = { name: 'tls.handshakeFailed', reason: 'http request', clientAddress: '192.0.2.1' };
    for (let sent = 0; sent < 1_000; sent += 1) failed('http request', peer);
    expect(lines).to.deep.equal([{ ...line, unlogged: 0 }]);
    nowMs = 1_000;
    failed('http request', peer);
    expect(lines[1]).to.deep.equal({ ...line, unlogged: 999 });
  });
});
