import { expect } from 'chai';
import { converse } from '../../support/conversation.ts';
import { eventually } from '../../support/eventually.ts';
import { type Server, startServer } from '../../support/server.ts';
import { endsAfter, statusOf, trickle } from './ending.ts';
import { countsOf, get, post } from './requests.ts';
import { MANY_BYTES, SOME_BYTES, type Subject } from './subject.ts';

const HEADER_MS = 400;
const BODY_MS = 600;
const KEEP_ALIVE_MS = 500;
/** Well beyond every deadline here. */
const LONG_MS = 1_500;

/** Clients that are slow to say what they want. */
export function describeSlowSenders({ served, seesBeginnings, gathersBodies }: Subject): void {
  let server: Server;
  let port: number;
  before(async () => {
    const config = { headerTimeout: HEADER_MS / 1_000, bodyTimeout: BODY_MS / 1_000, keepAlive: KEEP_ALIVE_MS / 1_000 };
    server = await startServer({ ...served, config });
    port = server.port;
  });
  after(() => server.stop());

  /** Sends some bytes and no more: the connection must end at the deadline. */
  async function endOf(bytes: string, options: { limitMs: number; trickled?: string }) {
    const conversation = await converse({ port });
    const sinceMs = performance.now();
    if (bytes !== '') conversation.write(bytes);
    if (options.trickled !== undefined) trickle(conversation, { bytes: options.trickled, everyMs: 20 });
    return endsAfter(conversation, { limitMs: options.limitMs, sinceMs });
  }

  describe('headerTimeout', () => {
    it('closes a connection that says nothing, without a word', async () => {
      expect(await endOf('', { limitMs: HEADER_MS })).to.deep.equal({ received: '', errno: null });
    });

    it('answers 408 to a head that does not end', async () => {
      const { received } = await endOf('GET / HTTP/1.1\r\nHost: a\r\n', { limitMs: HEADER_MS });
      expect(statusOf(received)).to.equal(408);
      expect(received).to.match(/\r\nConnection: close\r\n/i);
    });

    it('is not prolonged by a byte now and then', async () => {
      const { received } = await endOf('GET / HTTP/1.1\r\nX-A: ', { limitMs: HEADER_MS, trickled: 'a' });
      expect(statusOf(received)).to.equal(408);
    });

    if (seesBeginnings) {
      it('counts anew for each request of a connection', async () => {
        const { received } = await endOf(`${get('/first')}GET /second`, { limitMs: HEADER_MS });
        expect(received).to.match(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\/firstHTTP\/1\.1 408 /);
      });
    }
  });

  describe('bodyTimeout', () => {
    for (const bytes of [SOME_BYTES, MANY_BYTES]) {
      it(`answers 408 to a body that stops after ${bytes} bytes, and fails the read of it`, async () => {
        const { failedReads } = await countsOf(server);
        const request = post('/read', `Content-Length: ${2 * bytes}`) + 'x'.repeat(bytes);
        const { received } = await endOf(request, { limitMs: BODY_MS });
        expect(statusOf(received)).to.equal(408);
        const failing = gathersBodies && bytes === SOME_BYTES ? failedReads : failedReads + 1;
        await eventually(async () => (await countsOf(server)).failedReads === failing);
      });
    }

    it('is not prolonged by a byte now and then', async () => {
      const sized = post('/read', 'Content-Length: 1000000');
      expect(statusOf((await endOf(sized, { limitMs: BODY_MS, trickled: 'a' })).received)).to.equal(408);
      const chunked = post('/read', 'Transfer-Encoding: chunked');
      const { received } = await endOf(chunked, { limitMs: BODY_MS, trickled: '1\r\na\r\n' });
      expect(statusOf(received)).to.equal(408);
    });

    it('leaves alone a body that gets on, however long it takes', async () => {
      const piece = 'x'.repeat(1_024);
      const pieces = 10;
      const conversation = await converse({ port });
      conversation.write(post('/read', `Content-Length: ${piece.length * pieces}`, 'Connection: close'));
      let sent = 0;
      const timer = setInterval(() => {
        conversation.write(piece);
        sent += 1;
        if (sent === pieces) clearInterval(timer);
      }, BODY_MS / 3);
      await conversation.closed;
      clearInterval(timer);
      expect(conversation.received()).to.match(/read 10240$/);
    });

    it('does not punish a client whose body the application does not read', async () => {
      const body = 'x'.repeat(1_048_576);
      const conversation = await converse({ port });
      conversation.write(post(`/read?ms=${LONG_MS}`, `Content-Length: ${body.length}`, 'Connection: close') + body);
      await conversation.closed;
      expect(conversation.received()).to.match(/read 1048576$/);
    });

    it('does not run while a client waits for 100 Continue, and runs from then on', async () => {
      const expecting = post(`/read?ms=${LONG_MS}`, 'Content-Length: 5', 'Expect: 100-continue');
      const conversation = await converse({ port });
      conversation.write(expecting);
      await new Promise((resolve) => conversation.socket.once('data', resolve));
      const sinceMs = performance.now();
      expect(conversation.received()).to.equal('HTTP/1.1 100 Continue\r\n\r\n');
      const { received } = await endsAfter(conversation, { limitMs: BODY_MS, sinceMs });
      expect(received).to.match(/\r\n\r\nHTTP\/1\.1 408 /);
    });
  });

  describe('keepAlive', () => {
    it('closes an idle connection, and does not count a request under way', async () => {
      const conversation = await converse({ port });
      conversation.write(get(`/wait?ms=${LONG_MS}`));
      await new Promise((resolve) => conversation.socket.once('data', resolve));
      const sinceMs = performance.now();
      const { received, errno } = await endsAfter(conversation, { limitMs: KEEP_ALIVE_MS - 50, sinceMs });
      expect({ status: statusOf(received), errno }).to.deep.equal({ status: 200, errno: null });
    });
  });

  describe('request.refused', () => {
    it('tells of them once a second at most', () => {
      const times = server.log
        .filter(({ event }) => event === 'request.refused')
        .map(({ time }) => Date.parse(String(time)));
      expect(times.length).to.be.greaterThan(1);
      const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
      expect(Math.min(...gaps)).to.be.at.least(950);
    });
  });
}
