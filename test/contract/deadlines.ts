import type { Socket } from 'node:net';
import { expect } from 'chai';
import { fetchText, openKeepAlive, rawRequest } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Server, startServer } from '../support/server.ts';
import { within } from '../support/spawned.ts';
import { connectTo } from '../support/target.ts';

const LIMIT_MS = 500;
/** Two rounds of the coarse timer, and what a busy machine adds. */
const SLACK_MS = 1_500;
/** More than the kernel holds for a client that does not read. */
const LARGE_BYTES = 12_000_000;
const HEAD = 'Host: a\r\n';

/**
 * What every interface does about clients that are slow, and requests that take too long. `app` is an application with the routes of
 * `test/fixtures/apps/routes.cjs`.
 */
export function describeDeadlines(name: string, app: string): void {
  describe(`deadlines of the interface ${name}`, () => {
    let server: Server;
    const here = () => ({ port: server.port });

    /** All that comes until the server closes, which must be in time: not early, and not much too late. */
    async function closedInTime(bytes: string, drip?: { piece: string; everyMs: number }): Promise<string> {
      const startedMs = performance.now();
      const socket = connectTo(here());
      if (bytes !== '') socket.write(bytes, 'latin1');
      const timer = drip && setInterval(() => socket.write(drip.piece), drip.everyMs);
      const text = await received(socket).finally(() => clearInterval(timer));
      expect(performance.now() - startedMs).to.be.within(LIMIT_MS - 20, LIMIT_MS + SLACK_MS);
      return text;
    }

    function refuses(received: string, status: string): void {
      expect(received).to.match(new RegExp(`^HTTP/1\\.1 ${status}\\r\\n`));
      expect(received).to.match(/\r\nConnection: close\r\n/);
      expect(received.match(/HTTP\/1\.1 /g)).to.have.length(1);
    }

    describe('for slow clients', () => {
      before(async () => {
        const limitS = LIMIT_MS / 1_000;
        const config = { headerTimeout: limitS, bodyTimeout: limitS, writeTimeout: limitS, keepAlive: limitS };
        const flags = ['--access-log', '-', '--access-log-format', '%(r)s %(s)s'];
        server = await startServer({ app, config, flags });
      });
      after(() => server.stop());

      it('close a new connection that says nothing, and say nothing either', async () => {
        expect(await closedInTime('')).to.equal('');
      });

      it('end a head that stops with 408', async () => {
        refuses(await closedInTime(`GET / HTTP/1.1\r\n${HEAD}X: `), '408 Request Timeout');
      });

      it('end a head that comes byte by byte with 408', async () => {
        const text = await closedInTime(`GET / HTTP/1.1\r\n${HEAD}X: `, { piece: 'x', everyMs: 50 });
        refuses(text, '408 Request Timeout');
      });

      it('end the head of a second request with 408', async () => {
        const connection = await openKeepAlive(here());
        expect((await connection.request('/')).status).to.equal(200);
        const answer = await connection.send('GET / HTTP/1.1\r\n');
        expect(answer).to.include({ status: 408, closes: true });
        expect(await connection.closed).to.equal(null);
      });

      it('close an idle connection without a word', async () => {
        const text = await closedInTime(`GET / HTTP/1.1\r\n${HEAD}\r\n`);
        expect(text).to.match(/hello from [\w.]+\n$/);
      });

      it('end a body that stops with 408', async () => {
        refuses(
          await closedInTime(`POST /echo HTTP/1.1\r\n${HEAD}Content-Length: 9\r\n\r\nhalf`),
          '408 Request Timeout',
        );
      });

      it('end a chunked body that comes byte by byte with 408', async () => {
        const head = `POST /echo HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n`;
        refuses(await closedInTime(head, { piece: '1\r\nx\r\n', everyMs: 50 }), '408 Request Timeout');
      });

      it('let a body take its time that goes on', async () => {
        const pieces = 6;
        const piece = 'x'.repeat(4_096);
        const connection = await openKeepAlive(here());
        connection.write(`POST /echo HTTP/1.1\r\n${HEAD}Content-Length: ${pieces * piece.length}\r\n\r\n`);
        await inPieces(pieces - 1, LIMIT_MS * 0.4, () => connection.write(piece));
        const answer = await connection.send(piece);
        expect([answer.status, answer.body.length]).to.deep.equal([200, pieces * piece.length]);
        connection.close();
      });

      it('do not blame a client for a body that the application does not read', async () => {
        const ms = LIMIT_MS * 3;
        const connection = await openKeepAlive(here());
        const answer = await connection.send(`GET /slow?ms=${ms} HTTP/1.1\r\n${HEAD}Content-Length: 9\r\n\r\nhalf`);
        expect(answer).to.include({ status: 200, body: `answered after ${ms} ms\n` });
        connection.close();
      });

      it('cut a client that does not read its answer', async () => {
        const socket = connectTo(here()).pause();
        socket.on('error', () => {});
        await echo(socket, LARGE_BYTES);
        const startedMs = performance.now();
        await finished('POST /echo');
        expect(performance.now() - startedMs).to.be.at.least(LIMIT_MS - 50);
        expect((await received(socket)).length).to.be.below(LARGE_BYTES);
      });

      it('wait for a client that reads its answer slowly', async () => {
        const steps = 10;
        // The kernel tells the sender of free room only when there are megabytes of it.
        const stepBytes = 3_000_000;
        const socket = connectTo(here()).pause();
        await echo(socket, steps * stepBytes);
        let bytes = 0;
        let wanted = 0;
        const take = (piece: Buffer) => {
          bytes += piece.length;
          if (bytes >= wanted) socket.pause();
        };
        socket.on('data', take);
        await inPieces(steps - 1, LIMIT_MS * 0.5, () => {
          wanted += stepBytes;
          socket.resume();
        });
        socket.off('data', take);
        expect(bytes + (await received(socket)).length).to.be.above(steps * stepBytes);
      });

      it('let the answer reach a client that still sends a body which nobody reads', async () => {
        const body = 'x'.repeat(4_000_000);
        const head = `POST /no-such-route HTTP/1.1\r\n${HEAD}Content-Length: ${body.length}\r\n\r\n`;
        expect(await rawRequest(here(), head + body)).to.match(
          /^HTTP\/1\.1 404 [\s\S]*no route POST \/no-such-route\n$/,
        );
      });

      /** Resolves when the access log tells of a request. */
      async function finished(request: string): Promise<void> {
        const seen = server.stdoutText.length;
        await eventually(() => server.stdoutText.slice(seen).includes(request), { until: `${request} was logged` });
      }
    });

    describe('for requests', () => {
      before(async () => {
        server = await startServer({ app, config: { requestTimeout: LIMIT_MS / 1_000 } });
      });
      after(() => server.stop());

      it('answer in place of an application that does not', async () => {
        refuses(await closedInTime(`GET /slow?ms=60000 HTTP/1.1\r\n${HEAD}\r\n`), '503 Service Unavailable');
      });

      it('cut an answer of which a part was sent', async () => {
        const text = await closedInTime(`GET /stream?chunks=2&ms=60000 HTTP/1.1\r\n${HEAD}\r\n`);
        expect(text).to.match(/^HTTP\/1\.1 200 [\s\S]*chunk 0\n\r\n$/);
      });

      it('leave alone what is answered in time, and the application, which answers later into nothing', async () => {
        const connection = await openKeepAlive(here());
        for (const path of ['/slow?ms=300', '/slow?ms=300', '/']) {
          expect((await connection.request(path)).status).to.equal(200);
        }
        connection.close();
        refuses(await closedInTime(`GET /slow?ms=1500 HTTP/1.1\r\n${HEAD}\r\n`), '503 Service Unavailable');
        await fetchText(server.url, { path: '/slow?ms=400' });
      });
    });
  });
}

/** All bytes until the connection is closed, as latin1. */
function received(socket: Socket): Promise<string> {
  const pieces: Buffer[] = [];
  socket.on('error', () => {});
  const closed = new Promise<string>((resolve) => {
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.once('close', () => resolve(Buffer.concat(pieces).toString('latin1')));
  });
  socket.resume();
  return within(closed, 10_000, 'the server did not close within 10 s');
}

/** Sends a body that comes back. Resolves when it is on its way. */
function echo(socket: Socket, bytes: number): Promise<void> {
  const head = `POST /echo HTTP/1.1\r\n${HEAD}Connection: close\r\nContent-Length: ${bytes}\r\n\r\n`;
  return new Promise((resolve) => socket.write(head + 'x'.repeat(bytes), () => resolve()));
}

/** Acts so many times, so far apart: what is tested here is time itself. */
async function inPieces(count: number, everyMs: number, act: () => void): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    act();
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
