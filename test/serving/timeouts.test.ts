import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { fetchText, openKeepAlive } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startServer } from '../support/server.ts';

/** What a busy machine, and Node's own buffer on top of `server.keepAliveTimeout`, may add to a time limit. */
const SLACK_MS = 2_000;

describe('keepAlive', () => {
  it('is how long a connection may idle between two requests', async () => {
    const keepAliveMs = 500;
    const server = await startServer({ app: 'apps/hello.mjs', config: { keepAlive: keepAliveMs / 1_000 } });
    const connection = await openKeepAlive({ port: server.port });
    expect((await connection.request('/')).closes).to.equal(false);
    expect((await connection.request('/')).closes).to.equal(false);
    const beganMs = performance.now();
    expect(await connection.closed).to.equal(null);
    expect(performance.now() - beganMs).to.be.within(keepAliveMs - 50, keepAliveMs + SLACK_MS);
    await server.stop();
  });

  it('0 closes the connection with every answer', async () => {
    const server = await startServer({ app: 'apps/hello.mjs', config: { keepAlive: 0 } });
    for (const path of ['/', '/slow?ms=5', '/stream?chunks=2&ms=1']) {
      const connection = await openKeepAlive({ port: server.port });
      expect(await connection.request(path)).to.include({ status: 200, closes: true });
      expect(await connection.closed).to.equal(null);
    }
    await server.stop();
  });
});

describe('gracefulTimeout', () => {
  it('M3: bounds a stop: what is in flight then is cut', async () => {
    const graceMs = 1_000;
    const server = await startServer({
      app: 'apps/hello.mjs',
      config: { workers: 2, gracefulTimeout: graceMs / 1_000 },
    });
    const connection = await openKeepAlive({ port: server.port });
    await connection.request('/');
    const outcome = connection.request('/slow?ms=60000').catch((error: Error) => error.message);
    const beganMs = performance.now();
    await server.stop();
    expect(performance.now() - beganMs).to.be.within(graceMs / 2 - 50, graceMs + SLACK_MS);
    expect(await outcome).to.match(/the connection ended/);
    expect(server.log.find(({ event }) => event === 'drain.cut')?.connections).to.equal(1);
  });

  it('W10: is enforced by SIGKILL against a worker that can not be asked any more', async () => {
    const config = { workers: 1, gracefulTimeout: 1, timeout: 0 };
    const server = await startServer({ app: 'apps/hello.mjs', config });
    const [pid = 0] = server.workers();
    process.kill(pid, 'SIGSTOP');
    await server.stop({ timeoutMs: 1_000 + SLACK_MS });
    expect(server.log.find(({ event }) => event === 'worker.exited')?.signal).to.equal('SIGKILL');
  });
});

describe('bootTimeout', () => {
  it('W8: ends a replacement that hangs, while the others serve, until one comes up', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tsunicorn-timeouts-'));
    const told = join(dir, 'boot');
    writeFileSync(told, 'well');
    const config = { workers: 2, bootTimeout: 2 };
    const server = await startServer({ app: 'apps/boots-as-told.mjs', config, env: { BOOT_FILE: told } });
    const [victim = 0, other = 0] = server.workers();
    writeFileSync(told, 'hang');
    process.kill(victim, 'SIGKILL');
    const { workerPid: hung } = await server.event('worker.bootTimeout');
    expect((await fetchText(server.url, { path: '/pid' })).text).to.equal(String(other));
    writeFileSync(told, 'well');
    const after = server.log.findIndex(({ event }) => event === 'worker.bootTimeout');
    await server.event('worker.ready', undefined, { after });
    await eventually(() => server.workers().length === 2);
    expect(server.workers()).to.include(other).and.not.include(hung);
    rmSync(dir, { recursive: true });
    await server.stop({ expectErrors: ['worker.crashed', 'worker.bootTimeout'] });
  });
});
