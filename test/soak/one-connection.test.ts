import type { Socket } from 'node:net';
import { expect } from 'chai';
import { converse } from '../support/conversation.ts';
import { startServer } from '../support/server.ts';
import { median } from './latency.ts';
import { inMib, workersRssBytes } from './memory.ts';

const REQUESTS = 1_000_000;
const BATCH = 250;
const STEPS = 20;
const STEP = REQUESTS / STEPS;
/** Steps until the heap has its size. */
const WARM_UP_STEPS = 4;
/** What the heap of a busy worker may differ by from one moment to another. */
const NOISE_BYTES = 8 * 1_048_576;

describeOneConnection('fetch', 'apps/fetch/slow-clients.mjs');
describeOneConnection('node', 'apps/slow-clients.mjs');

/** Sends many requests over one connection; `app` is one of the applications `slow-clients.mjs`. */
function describeOneConnection(name: string, app: string): void {
  describe(`${REQUESTS} requests on one connection of the interface ${name}`, function () {
    this.timeout(300_000);

    it('C4: are answered, and the memory does not grow', async () => {
      const server = await startServer({ app });
      const request = 'GET /n HTTP/1.1\r\nHost: a\r\n\r\n';
      const { socket } = await converse({ port: server.port }, { isQuiet: true });
      // Every answer has the length of the first.
      const answerBytes = await answered(socket, { bytes: request, length: 1 });
      const batch = { bytes: request.repeat(BATCH), length: BATCH * answerBytes };
      const rss = [workersRssBytes(server)];
      const sinceMs = performance.now();
      for (let step = 0; step < STEPS; step += 1) {
        for (let sent = 0; sent < STEP; sent += BATCH) expect(await answered(socket, batch)).to.equal(batch.length);
        rss.push(workersRssBytes(server));
      }
      const seconds = (performance.now() - sinceMs) / 1_000;
      socket.destroy();
      await server.stop();
      const half = WARM_UP_STEPS + (STEPS - WARM_UP_STEPS) / 2;
      const early = median(rss.slice(WARM_UP_STEPS + 1, half + 1));
      const late = median(rss.slice(half + 1));
      console.log(
        `      ${REQUESTS} requests in ${seconds.toFixed(1)} s; worker ${inMib(rss[0] ?? 0)} before, ${inMib(early)} in the first ` +
          `half, ${inMib(late)} in the second, ${inMib(rss.at(-1) ?? 0)} at the end`,
      );
      expect(late - early).to.be.at.most(NOISE_BYTES);
    });
  });
}

/** Sends requests and resolves with the bytes that came, once there are `length` of them. */
function answered(socket: Socket, requests: { bytes: string; length: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    let received = 0;
    const gone = () => reject(new Error('the connection was closed'));
    const take = (piece: Buffer) => {
      received += piece.length;
      if (received < requests.length) return;
      socket.off('data', take).off('close', gone);
      resolve(received);
    };
    socket.on('data', take).once('close', gone);
    socket.write(requests.bytes);
  });
}
