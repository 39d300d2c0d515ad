import { join } from 'node:path';
import { expect } from 'chai';
import { openKeepAlive } from '../../support/client.ts';
import { converse } from '../../support/conversation.ts';
import { eventually } from '../../support/eventually.ts';
import { type Server, startServer } from '../../support/server.ts';
import type { Target } from '../../support/target.ts';
import { endsAfter, statusOf } from './ending.ts';
import { countsOf, get } from './requests.ts';
import type { Subject } from './subject.ts';

const REQUEST_MS = 500;

/** Applications that are slow to answer. */
export function describeRequestTimeout({ served }: Subject): void {
  describe('requestTimeout', () => {
    let server: Server;
    before(async () => {
      const bind = ['127.0.0.1:0', 'unix:half.sock'];
      server = await startServer({ ...served, config: { bind, requestTimeout: REQUEST_MS / 1_000 } });
    });
    after(() => server.stop());

    async function endOf(bytes: string, to: Target = { port: server.port }) {
      const conversation = await converse(to);
      const sinceMs = performance.now();
      conversation.write(bytes);
      return endsAfter(conversation, { limitMs: REQUEST_MS, sinceMs });
    }

    it('answers 503 where nothing was sent, tells the application, and logs it', async () => {
      const { aborts } = await countsOf(server);
      const { received, errno } = await endOf(get('/hang'));
      expect({ status: statusOf(received), errno }).to.deep.equal({ status: 503, errno: null });
      await eventually(async () => (await countsOf(server)).aborts === aborts + 1);
      await server.event('request.refused', ({ status }) => status === 503);
    });

    it('cuts an answer that was begun, and tells the application', async () => {
      const { aborts } = await countsOf(server);
      const { received } = await endOf(get('/half'));
      expect(received).to.match(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\na\r\nx{10}\r\n$/);
      await eventually(async () => (await countsOf(server)).aborts === aborts + 1);
    });

    it('makes the cut of an answer without a length no clean end', async () => {
      const { received, errno } = await endOf('GET /half HTTP/1.0\r\n\r\n');
      expect(statusOf(received)).to.equal(200);
      expect(errno).to.equal('ECONNRESET');
    });

    it('cuts it on a unix socket too, which knows no reset', async () => {
      const { received } = await endOf('GET /half HTTP/1.0\r\n\r\n', { unixPath: join(server.dir, server.unixPath) });
      expect(received).to.match(/\r\n\r\nx{10}$/);
    });

    it('counts each request of a connection by itself', async () => {
      const connection = await openKeepAlive({ port: server.port });
      for (let request = 0; request < 4; request += 1) {
        expect(await connection.request(`/wait?ms=${REQUEST_MS * 0.6}`)).to.include({ status: 200, closes: false });
      }
      connection.close();
    });
  });
}
