import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect } from 'chai';
import { startSlowClients } from '../../../bench/slow-clients.ts';
import { eventually } from '../../support/eventually.ts';

describe('startSlowClients', () => {
  it('keeps so many connected, who send one byte after the other and come again when they are cut', async () => {
    let received = '';
    const seen: Socket[] = [];
    const server = createServer((socket) => {
      seen.push(socket);
      socket
        .on('error', () => {})
        .on('data', (piece) => {
          received += piece.toString();
          if (seen.length === 3) socket.destroy();
        });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const clients = await startSlowClients(port, 3, { everyMs: 20 });
    try {
      await eventually(() => seen.length > 3, { timeoutMs: 5_000, until: 'one came again' });
      expect(received).to.match(/^[GET]+$/);
    } finally {
      clients.stop();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
