import { get as httpGet } from 'node:http';
import { expect } from 'chai';
import type { Context } from 'mocha';
import { fetchText, openKeepAlive, rawRequest } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Server, type ServerOptions, startServer } from '../support/server.ts';
import { within } from '../support/spawned.ts';

/** Looks first whether there is what the suite needs, and skips it otherwise. */
export type SuiteCheck = (context: Context) => void;

/** A megabyte in which no two neighbouring pieces are the same. */
const LARGE = Array.from({ length: 131_072 }, (_, index) => `${index}`.padStart(8, '0')).join('');

/**
 * What every interface owes a client. `subject` is an application with the routes of `test/fixtures/apps/routes.cjs`, served here by one
 * worker.
 */
export function describeInterface(name: string, subject: Pick<ServerOptions, 'app' | 'env'>, check?: SuiteCheck): void {
  describe(`the interface ${name}`, () => {
    let server: Server;
    before(async function () {
      check?.(this);
      server = await startServer({ ...subject, flags: ['--access-log', '-', '--access-log-format', '%(r)s %(s)s'] });
    });
    after(() => server?.stop());

    const pid = async () => (await fetchText(server.url, { path: '/pid' })).text;

    it('answers with status, fields and body', async () => {
      const { status, headers, text } = await fetchText(server.url);
      expect(status).to.equal(200);
      expect(headers['content-type']).to.match(/^text\/plain/);
      expect(Number(headers['content-length'])).to.equal(Buffer.byteLength(text));
      expect(text).to.match(/^hello from /);
      expect((await fetchText(server.url, { path: '/no-such-route' })).status).to.equal(404);
    });

    it('hands a body over unchanged, sized and chunked', async () => {
      const body = LARGE;
      expect((await fetchText(server.url, { path: '/echo', body })).text === body).to.equal(true);
      const headers = { 'Transfer-Encoding': 'chunked' };
      expect((await fetchText(server.url, { path: '/echo', body, headers })).text === body).to.equal(true);
    });

    it('streams: a piece arrives before the next one is made', async () => {
      const whole = await fetchText(server.url, { path: '/stream?chunks=3&ms=1' });
      expect(whole.headers['transfer-encoding']).to.equal('chunked');
      expect(whole.text).to.equal('chunk 0\nchunk 1\nchunk 2\n');
      expect(await firstPiece(`${server.url}/stream?chunks=2&ms=60000`)).to.equal('chunk 0\n');
    });

    it('answers HEAD with the head of GET and no body, and the connection lives on', async () => {
      const connection = await openKeepAlive({ port: server.port });
      const get = await connection.request('/');
      const head = await connection.request('/', { method: 'HEAD' });
      expect(head.body).to.equal('');
      expect(head.status).to.equal(get.status);
      for (const field of ['content-type', 'content-length']) {
        expect(head.headers[field], field).to.equal(get.headers[field]);
      }
      expect((await connection.request('/')).body).to.equal(get.body);
      connection.close();
    });

    it('keeps a connection for the next request, and closes it when the client says so', async () => {
      const connection = await openKeepAlive({ port: server.port });
      const first = await connection.request('/echo', { body: 'one' });
      const second = await connection.request('/echo', { body: 'two' });
      expect([first.body, second.body]).to.deep.equal(['one', 'two']);
      expect([first.closes, second.closes]).to.deep.equal([false, false]);
      expect((await connection.request('/', { headers: { Connection: 'close' } })).closes).to.equal(true);
      expect(await connection.closed).to.equal(null);
    });

    it('answers pipelined requests in their order', async () => {
      const slow = 'GET /slow?ms=200 HTTP/1.1\r\nHost: x\r\n\r\n';
      const fast = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
      const received = await rawRequest({ port: server.port }, slow + fast);
      expect(received.match(/^HTTP\/1\.1 200/gm)).to.have.length(2);
      expect(received).to.match(/answered after 200 ms\nHTTP\/1\.1 200 OK\r\n[\s\S]*hello from /);
    });

    it('lives on when a client leaves before the answer', async () => {
      const before = await pid();
      const connection = await openKeepAlive({ port: server.port });
      connection.write('GET /slow?ms=300 HTTP/1.1\r\nHost: x\r\n\r\n');
      await fetchText(server.url);
      connection.reset();
      await eventually(() => server.stdoutText.includes('GET /slow?ms=300 HTTP/1.1 499'));
      expect((await fetchText(server.url, { path: '/slow?ms=300' })).status).to.equal(200);
      expect(await pid()).to.equal(before);
    });
  });
}

/** The first piece of an answer's body; the connection is then broken off. */
function firstPiece(url: string): Promise<string> {
  const piece = new Promise<string>((resolve, reject) => {
    const request = httpGet(url, { agent: false }, (response) => {
      response.setEncoding('utf8').once('data', (text: string) => {
        resolve(text);
        response.socket.resetAndDestroy();
      });
    });
    request.on('error', reject);
  });
  return within(piece, 5_000, `no piece of ${url} within 5000 ms`);
}
