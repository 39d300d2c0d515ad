import { expect } from 'chai';
import { fetchText, rawRequest } from '../../support/client.ts';
import { type Conversation, converse } from '../../support/conversation.ts';
import { eventually } from '../../support/eventually.ts';
import { type Server, startServer } from '../../support/server.ts';
import { statusOf } from './ending.ts';
import { countsOf, get, post } from './requests.ts';
import { MANY_BYTES, SOME_BYTES, type Subject } from './subject.ts';

/** Far from the deadline of a head, which is 10 s here. */
const AT_ONCE_MS = 1_000;
const FLOOD = 2_000;
const FLOOD_AT_ONCE = 50;
const PIPELINED = 1_000;
const LEAVERS = 200;

const OLDEST = 'a request of HTTP/0.9';
const OTHER_PROTOCOLS: readonly (readonly [name: string, bytes: Buffer | string, statuses: readonly number[]])[] = [
  ['a TLS ClientHello', Buffer.from(`16030100c8010000c40303${'5a'.repeat(200)}`, 'hex'), [400]],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400, 505]],
  ['the banner of SSH', 'SSH-2.0-OpenSSH_9.6\r\n', [400]],
  [OLDEST, 'GET /\r\n', [400]],
  ['junk', Buffer.from(Array.from({ length: 256 }, (_, index) => (index * 7 + 128) % 256)), [400]],
];

/** Clients that speak something else, leave, or have no measure. */
export function describeBadClients({ served, seesBeginnings, gathersBodies }: Subject): void {
  let server: Server;
  let port: number;
  before(async () => {
    server = await startServer(served);
    port = server.port;
  });
  after(() => server.stop());

  const conversation = () => converse({ port });

  describe('another protocol', () => {
    const seen = OTHER_PROTOCOLS.filter(([name]) => seesBeginnings || name !== OLDEST);
    for (const [name, bytes, statuses] of seen) {
      it(`is refused at once: ${name}`, async () => {
        const received = await rawRequest({ port }, bytes, { timeoutMs: AT_ONCE_MS });
        expect(statuses).to.include(statusOf(received));
        expect(received).to.match(/\r\nConnection: close\r\n/i);
      });
    }
  });

  describe('a flood of bad requests', () => {
    it(`gets ${FLOOD} refusals, a line of log a second, and no one else in trouble`, async () => {
      const after = server.mark();
      const sinceMs = performance.now();
      let left = FLOOD;
      let isOver = false;
      const flooder = async () => {
        while (left > 0) {
          left -= 1;
          expect(statusOf(await rawRequest({ port }, 'GET / HTTP/1.1\nHost: a\n\n'))).to.equal(400);
        }
      };
      const others = (async () => {
        let served = 0;
        for (; !isOver; served += 1) expect((await fetchText(server.url)).status).to.equal(200);
        return served;
      })();
      await Promise.all(Array.from({ length: FLOOD_AT_ONCE }, flooder));
      isOver = true;
      expect(await others).to.be.greaterThan(10);
      const told = () => server.log.slice(after).filter(({ event }) => event === 'request.refused');
      const total = () => told().reduce((sum, { count }) => sum + Number(count), 0);
      await eventually(() => total() >= FLOOD, { until: 'the log told of every refusal' });
      expect(told().length).to.be.at.most(Math.ceil((performance.now() - sinceMs) / 1_000) + 1);
    });
  });

  describe('a client that leaves', () => {
    it('by a reset, at any moment, is nothing to report', async () => {
      const after = server.mark();
      const moments = ['', 'GET / HT', post('/read', 'Content-Length: 9'), get('/wait?ms=50'), get('/large?mib=4')];
      for (const bytes of moments) {
        for (let client = 0; client < 20; client += 1) {
          const { socket, write, closed } = await conversation();
          if (bytes !== '') write(bytes);
          if (client % 2 === 1) await new Promise(setImmediate);
          socket.resetAndDestroy();
          await closed;
        }
      }
      expect((await fetchText(server.url, { path: '/wait?ms=100' })).text).to.equal('waited');
      expect(server.log.slice(after)).to.deep.equal([]);
    });

    for (const bytes of [SOME_BYTES, MANY_BYTES]) {
      it(`after ${bytes} bytes of its request's body gets no answer like success, and fails the read`, async () => {
        const { failedReads } = await countsOf(server);
        const { socket, write, closed, received } = await conversation();
        write(post('/read', `Content-Length: ${2 * bytes}`) + 'x'.repeat(bytes));
        // It is being read by the time that this is answered.
        await fetchText(server.url);
        socket.end();
        await closed;
        expect(received()).not.to.match(/^HTTP\/1\.1 2/);
        const failing = gathersBodies && bytes === SOME_BYTES ? failedReads : failedReads + 1;
        await eventually(async () => (await countsOf(server)).failedReads === failing);
      });
    }

    it('only half, after its request, gets its answer', async () => {
      const { socket, write, closed, received } = await conversation();
      write(get('/wait?ms=200'));
      socket.end();
      await closed;
      expect(received()).to.match(/^HTTP\/1\.1 200 OK\r\n[\s\S]*waited$/);
    });

    it(`within a stream ends it, once for each of ${LEAVERS}`, async () => {
      const { cancels } = await countsOf(server);
      await Promise.all(Array.from({ length: LEAVERS }, () => leaveStream(conversation)));
      const ended = async () => (await countsOf(server)).cancels - cancels;
      await eventually(async () => (await ended()) >= LEAVERS, { until: 'all streams were ended' });
      await fetchText(server.url, { path: '/wait?ms=50' });
      expect(await ended()).to.equal(LEAVERS);
    });
  });

  describe('pipelining', () => {
    const numbered = (count: number) => Array.from({ length: count }, (_, index) => get(`/n/${index}`)).join('');
    const inOrder = (count: number) => Array.from({ length: count }, (_, index) => `/n/${index}`);
    const bodiesOf = (received: string) => received.match(/\/n\/\d+/g);

    it(`has ${PIPELINED} requests answered in their order`, async () => {
      const received = await rawRequest({ port }, numbered(PIPELINED) + get('/last', 'Connection: close'));
      expect(bodiesOf(received)).to.deep.equal(inOrder(PIPELINED));
      expect(received).to.match(/\/last$/);
    });

    it('has what was sent before a drain answered, then the connection closed', async () => {
      const leaving = await startServer(served);
      const { write, closed, received } = await converse({ port: leaving.port });
      write(get('/wait?ms=500') + numbered(50));
      // Another connection's answer shows that these bytes were read.
      await fetchText(leaving.url);
      const stopped = leaving.stop();
      const { errno } = await closed;
      expect({ errno, bodies: bodiesOf(received()) }).to.deep.equal({ errno: null, bodies: inOrder(50) });
      expect(received()).to.match(/\r\nConnection: close\r\n[\s\S]*\/n\/49$/i);
      await stopped;
    });
  });

  describe('Expect: 100-continue', () => {
    it('of a client that does not wait for it is no trouble', async () => {
      const request = post('/read', 'Content-Length: 5', 'Expect: 100-continue', 'Connection: close');
      const received = await rawRequest({ port }, `${request}12345`);
      expect(received).to.match(/HTTP\/1\.1 200 OK\r\n[\s\S]*read 5$/);
    });
  });
}

async function leaveStream(open: () => Promise<Conversation>): Promise<void> {
  const { socket, write, closed } = await open();
  write(get('/endless'));
  await new Promise((resolve) => socket.once('data', resolve));
  socket.destroy();
  await closed;
}
