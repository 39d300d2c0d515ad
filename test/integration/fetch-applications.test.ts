import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { fetchText, openKeepAlive, rawRequest } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { scratch } from '../support/scratch.ts';
import { runServer, startServer } from '../support/server.ts';

const BODY = Array.from({ length: 8_192 }, (_, index) => `${index}`.padStart(8, '0')).join('');

describe('a fetch application', () => {
  const notes = scratch();
  const context = (config: object = {}) =>
    startServer({ app: 'apps/fetch/context.mjs', config, env: { NOTES_FILE: notes.path('notes') } });
  const noted = (): string => {
    try {
      return readFileSync(notes.path('notes'), 'utf8');
    } catch {
      return '';
    }
  };

  const kinds: readonly (readonly [app: string, flags: readonly string[]])[] = [
    ['hono.mjs', []],
    ['h3.mjs', []],
    ['exports.mjs:fetch', []],
    ['exports.mjs:factory', []],
    ['hono.mjs', ['--no-fast-fetch']],
    ['h3.mjs', ['--interface', 'fetch']],
  ];
  for (const [app, flags] of kinds) {
    it(`may be ${[app, ...flags].join(' ')}`, async () => {
      const server = await startServer({ app: `apps/fetch/${app}`, flags });
      const hello = await fetchText(server.url);
      expect(hello).to.include({ status: 200, text: `hello from ${app}\n` });
      expect((await fetchText(server.url, { path: '/echo', body: BODY })).text === BODY).to.equal(true);
      const chunked = { path: '/echo', body: BODY, headers: { 'Transfer-Encoding': 'chunked' } };
      expect((await fetchText(server.url, chunked)).text === BODY).to.equal(true);
      await server.stop();
    });
  }

  it('of Hono answers JSON, streams, and says 404 where it has no route', async () => {
    const server = await startServer({ app: 'apps/fetch/hono.mjs' });
    const json = await fetchText(server.url, { path: '/json/ada?q=1' });
    expect([json.status, JSON.parse(json.text)]).to.deep.equal([201, { name: 'ada', query: '1' }]);
    const streamed = await fetchText(server.url, { path: '/stream' });
    expect(streamed.headers['transfer-encoding']).to.equal('chunked');
    expect(streamed.text).to.equal('chunk 0\nchunk 1\nchunk 2\n');
    expect((await fetchText(server.url, { path: '/nowhere' })).status).to.equal(404);
    await server.stop();
  });

  it('learns the address of its client and the environment', async () => {
    const server = await context({ env: { STAGE: 'test' } });
    const { url, clientAddress } = JSON.parse((await fetchText(server.url, { path: '/where?x=1' })).text);
    expect(url).to.equal(`${server.url}/where?x=1`);
    expect(clientAddress).to.equal('127.0.0.1');
    expect((await fetchText(server.url, { path: '/env?name=STAGE' })).text).to.equal('test');
    await server.stop();
  });

  it('may go on working after its answer: a worker that leaves waits for it', async () => {
    const server = await context({ drainIdleTimeout: 0 });
    expect((await fetchText(server.url, { path: '/later?ms=500' })).text).to.equal('answered first');
    expect(noted()).to.equal('');
    await server.stop();
    expect(noted()).to.equal('done later\n');
  });

  it('whose work after the answer fails is told so, and serves on', async () => {
    const server = await context();
    const answer = await fetchText(server.url, { path: '/later-fails' });
    expect(answer.text).to.equal('answered all the same');
    const { error } = await server.event('request.failed');
    expect(error).to.include({ message: 'rejected in the background' });
    expect((await fetchText(server.url, { path: '/env?name=PATH' })).status).to.equal(200);
    await server.stop({ expectErrors: ['request.failed'] });
  });

  it('sees its signal abort when the client leaves before the answer', async () => {
    const server = await context();
    const client = await openKeepAlive({ port: server.port });
    client.write('GET /signal HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => noted() === 'waiting\n');
    client.close();
    await eventually(() => noted() === 'waiting\naborted\n');
    await server.stop();
  });

  it('that streams is told once when the client leaves, and is not asked for more than the client takes', async () => {
    const server = await context();
    const client = await openKeepAlive({ port: server.port });
    client.write('GET /endless HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(async () => (await fetchText(server.url, { path: '/env?name=PATH' })).status === 200);
    client.close();
    await eventually(() => noted() === 'cancelled\n');
    await server.stop();
  });

  it('gets the classes of Node with fastFetch off', async () => {
    for (const fastFetch of [true, false]) {
      const server = await context({ fastFetch });
      const facts = JSON.parse((await fetchText(server.url, { path: '/classes' })).text);
      expect(facts).to.deep.include({ request: true, response: true, native: !fastFetch });
      await server.stop();
    }
  });

  it('that fails costs that request alone', async () => {
    const server = await startServer({ app: 'apps/fetch/failures.mjs' });
    for (const path of ['/throw', '/reject']) {
      const answer = await fetchText(server.url, { path });
      expect(answer, path).to.deep.include({ status: 500, text: 'Internal Server Error\n' });
    }
    for (const path of ['/throw-late', '/reject-late']) {
      const received = await rawRequest({ port: server.port }, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      expect(received, path)
        .to.include('half an answer')
        .and.not.to.match(/\r\n0\r\n/);
    }
    const failed = server.log.filter(({ event }) => event === 'request.failed');
    expect(failed.map(({ target }) => target)).to.deep.equal(['/throw', '/reject', '/throw-late', '/reject-late']);
    await server.stop({ expectErrors: ['request.failed'] });
  });

  it('that is none is told what to export', async () => {
    const { code, stderr } = await runServer({ app: 'apps/koa.mjs', flags: ['--interface', 'fetch'] });
    expect(code).to.equal(3);
    expect(stderr).to.match(/is no fetch application\. Export an object with a method fetch\(request\)/);
  });
});
