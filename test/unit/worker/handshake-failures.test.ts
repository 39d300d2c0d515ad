import { expect } from 'chai';
import { reportHandshakeFailures } from '../../../src/worker/handshake-failures.ts';
import { eventually } from '../../support/eventually.ts';

describe('reportHandshakeFailures', () => {
  it('logs the first one at once and a flood in one line', async () => {
    const lines: unknown[] = [];
    const failed = reportHandshakeFailures({ event: (name, fields) => void lines.push({ name, ...fields }) }, 50);
    const line = { name: 'tls.handshakeFailed', reason: 'no shared cipher', address: '192.0.2.1', count: 1 };
    failed('no shared cipher', { address: '192.0.2.1' });
    expect(lines).to.deep.equal([line]);
    for (let sent = 1; sent <= 1_000; sent += 1) failed('http request', { address: `192.0.2.${sent % 256}` });
    expect(lines).to.have.length(1);
    await eventually(() => lines.length === 2);
    expect(lines[1]).to.deep.equal({ ...line, reason: 'http request', address: '192.0.2.232', count: 1_000 });
  });

  it('logs at once again after a quiet time', async () => {
    const lines: unknown[] = [];
    const failed = reportHandshakeFailures({ event: (name) => void lines.push(name) }, 5);
    failed('one', { address: '' });
    await eventually(() => {
      const before = lines.length;
      failed('two', { address: '' });
      return lines.length > before;
    });
    expect(lines.length).to.be.at.least(2);
  });
});
