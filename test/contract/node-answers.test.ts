import { expect } from 'chai';
import { fetchText, openKeepAlive, rawRequest } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Server, startServer } from '../support/server.ts';

/** What `node` does on top of `node:http`, for an application that uses all of that. */
describe('an http.Server', () => {
  let server: Server;
  const here = () => ({ port: server.port });
  const get = (path: string) => fetchText(server.url, { path });
  const heard = async (): Promise<string[]> => JSON.parse((await get('/heard')).text);
  const head = (line: string, ...fields: string[]) => [line, 'Host: a', ...fields, '', ''].join('\r\n');

  before(async () => {
    const config = { limitRequestBody: 1_000, requestTimeout: 0.5, serverHeader: 'shop' };
    server = await startServer({ app: 'apps/answers.mjs', config: { ...config, logLevel: 'info' } });
  });
  after(() => server.stop());

  for (const path of ['/plain', '/object', '/list', '/chunked']) {
    it(`says Server: shop, ${path}`, async () => expect((await get(path)).headers.server).to.equal('shop'));
  }
  for (const path of ['/own-server', '/own-server-in-object']) {
    it(`may say another Server, ${path}`, async () => expect((await get(path)).headers.server).to.equal('mine'));
  }

  it('may take Server off', async () => {
    expect((await get('/no-server')).headers).to.not.have.property('server');
  });

  it('keeps every field of a flat list, and the reason', async () => {
    const answer = await rawRequest(here(), head('GET /list HTTP/1.1', 'Connection: close'));
    expect(answer).to.match(/^HTTP\/1\.1 200 Fine\r\n/);
    expect(answer.match(/Set-Cookie: [ab]=[12]\r\n/g)).to.deep.equal(['Set-Cookie: a=1\r\n', 'Set-Cookie: b=2\r\n']);
  });

  it('may ask for chunks, and has no say in Keep-Alive', async () => {
    const { headers, text } = await get('/chunked');
    expect(headers['transfer-encoding']).to.equal('chunked');
    expect(headers).to.not.have.property('keep-alive');
    expect(text).to.equal('chunked\n');
  });

  it('may close the connection', async () => {
    const connection = await openKeepAlive(here());
    expect((await connection.request('/closes')).closes).to.equal(true);
    expect(await connection.closed).to.equal(null);
  });

  it('never sees a body that is announced too long', async () => {
    const answer = await rawRequest(here(), `${head('POST /read HTTP/1.1', 'Content-Length: 1001')}x`);
    expect(answer).to.match(/^HTTP\/1\.1 413 Content Too Large\r\n[\s\S]*\r\n\r\nContent Too Large\n$/);
    expect(await heard()).to.not.include('read failed: ECONNRESET');
  });

  it('reads a body that is as long as may be', async () => {
    const body = 'x'.repeat(1_000);
    for (const headers of [{}, { 'Transfer-Encoding': 'chunked' }]) {
      expect((await fetchText(server.url, { path: '/read', body, headers })).text).to.equal('1000 bytes\n');
    }
  });

  it('has its read fail where chunks become too long', async () => {
    const chunks = '1f4\r\n'.concat('x'.repeat(500), '\r\n').repeat(3);
    const answer = await rawRequest(here(), head('POST /read HTTP/1.1', 'Transfer-Encoding: chunked') + chunks);
    expect(answer).to.match(/^HTTP\/1\.1 413 /);
    expect((await heard()).filter((what) => what.startsWith('read failed'))).to.deep.equal(['read failed: ECONNRESET']);
  });

  it('may go on with what was answered in its place', async () => {
    expect((await get('/late')).status).to.equal(503);
    await eventually(async () => (await heard()).includes('late true'));
  });

  it('may answer a client that has left, of which nothing is left behind: the stop would wait for it', async () => {
    const connection = await openKeepAlive(here());
    connection.write(head('GET /late-head HTTP/1.1'));
    await get('/plain');
    connection.reset();
    await eventually(async () => (await heard()).includes('late head'));
  });

  it('hears of neither parse errors nor CONNECT', async () => {
    expect(await rawRequest(here(), 'GARBAGE\r\n\r\n')).to.match(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(await rawRequest(here(), head('CONNECT a:80 HTTP/1.1'))).to.match(/^HTTP\/1\.1 405 [\s\S]*\r\nAllow: GET/);
    expect((await heard()).filter((what) => /^c/.test(what))).to.deep.equal([]);
  });

  it('gets an upgrade behind everything that came before, and only a right one', async () => {
    const upgrade = ['Connection: Upgrade', 'Upgrade: echo'];
    const bytes = `${head('GET /plain HTTP/1.1')}${head('GET / HTTP/1.1', ...upgrade)}hello`;
    expect(await rawRequest(here(), bytes)).to.match(
      /^HTTP\/1\.1 200 [\s\S]*plain\nHTTP\/1\.1 101 [\s\S]*\r\n\r\nhello$/,
    );
    expect(await rawRequest(here(), head('GET / HTTP/1.1', 'Host: b', ...upgrade))).to.match(/^HTTP\/1\.1 400 /);
    expect((await heard()).filter((what) => what.startsWith('upgrade'))).to.deep.equal(['upgrade a']);
  });

  it('has its refusals logged, without a byte of the request', async () => {
    const refusals = server.log.filter(({ event }) => event === 'request.refused');
    expect(refusals.length).to.be.above(0);
    expect(JSON.stringify(refusals)).to.not.include('GARBAGE');
  });
});
