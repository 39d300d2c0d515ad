import { expect } from 'chai';
import { fetchText, openKeepAlive, rawRequest } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Server, startServer } from '../support/server.ts';

const kinds: Readonly<Record<string, readonly string[]>> = {
  'a listener in CommonJS, an ES module or TypeScript, without a build': ['hello.cjs', 'hello.mjs', 'hello.ts'],
  'a named export and an http.Server': ['named.mjs:handler', 'server.mjs'],
  'Express, Koa and Fastify': ['express.mjs', 'koa.mjs', 'fastify.mjs'],
  'Connect and Polka': ['connect.cjs', 'polka.cjs'],
  'a factory: sync, async, of a framework': ['factory-sync.mjs', 'factory-async.mjs', 'factory-fastify.mjs'],
};
const BODY = Array.from({ length: 8_192 }, (_, index) => `${index}`.padStart(8, '0')).join('');

async function expectAnswers(server: Server, app: string): Promise<void> {
  const hello = await fetchText(server.url);
  expect(hello.text.trimEnd(), app).to.equal(`hello from ${app.replace(/:.*/, '')}`);
  expect(hello.status, app).to.equal(200);
  const headers = { 'Content-Type': 'application/octet-stream' };
  const echo = await fetchText(server.url, { path: '/echo', body: BODY, headers });
  expect(echo.status, app).to.equal(200);
  expect(echo.text === BODY, `${app} echoes 64 KiB unchanged`).to.equal(true);
}

async function servesAcrossReload(app: string): Promise<void> {
  const server = await startServer({ app: `apps/${app}` });
  await expectAnswers(server, app);
  const before = server.workers();
  server.signal('SIGHUP');
  await server.event('reload.finished');
  await expectAnswers(server, app);
  const after = await server.event('worker.ready', ({ generation }) => generation === 2);
  expect(before).to.have.length(1).and.not.to.include(after.workerPid);
  await server.stop();
}

describe('an application', () => {
  for (const [kind, apps] of Object.entries(kinds)) {
    it(`may be ${kind}`, async () => {
      await Promise.all(apps.map(servesAcrossReload));
    });
  }

  for (const app of ['apps/failures.mjs', 'apps/failures-server.mjs']) {
    it(`W7: that fails on a request costs that request alone: ${app}`, async () => {
      const server = await startServer({ app });
      const pid = (await fetchText(server.url)).text;
      for (const path of ['/throw', '/reject']) {
        const answer = await fetchText(server.url, { path });
        expect(answer, path).to.deep.include({ status: 500, text: 'Internal Server Error\n' });
      }
      for (const path of ['/throw-late', '/reject-late']) {
        const received = await rawRequest({ port: server.port }, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
        expect(received, path)
          .not.to.include('500')
          .and.not.to.match(/\r\n0\r\n/);
        expect(received.includes('half an answer'), path).to.equal(received !== '');
      }
      expect((await fetchText(server.url)).text).to.equal(pid);
      const failed = server.log.filter(({ event }) => event === 'request.failed');
      expect(failed.map(({ target }) => target)).to.deep.equal(['/throw', '/reject', '/throw-late', '/reject-late']);
      expect(failed[1]?.error).to.include({ message: 'rejected by /reject' });
      await server.stop({ expectErrors: ['request.failed'] });
    });
  }

  it('W7: that lets an exception escape gets a fresh worker, and every request its answer', async () => {
    const server = await startServer({ app: 'apps/failures.mjs' });
    const [pid] = server.workers();
    const waiting = await openKeepAlive({ port: server.port });
    const other = await openKeepAlive({ port: server.port });
    const held = waiting.request('/hold');
    await eventually(async () => (await other.request('/held')).body === '1');

    expect((await other.request('/escape')).body).to.equal('it will');
    const { error } = await server.event('app.uncaughtException');
    expect(error).to.include({ message: 'escaped from a timer' });
    await server.event('worker.recycling', ({ why }) => why === 'uncaughtException');
    const { workerPid } = await server.event('worker.draining');
    expect(workerPid).to.equal(pid);
    const fresh = await server.event('worker.ready', ({ workerId }) => workerId === 2, { timeoutMs: 0 });

    expect((await other.request('/release')).body).to.equal('done');
    expect(await held).to.include({ status: 200, body: 'released' });
    expect((await fetchText(server.url)).text).to.equal(String(fresh.workerPid));
    await server.event('worker.exited', (line) => line.workerPid === pid && line.code === 0);
    await server.stop({ expectErrors: ['app.uncaughtException'] });
  });
});
