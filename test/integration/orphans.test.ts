import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { fetchText, openKeepAlive } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Server, startServer } from '../support/server.ts';

const KILLED = { signal: 'SIGKILL', expectExit: { code: null, signal: 'SIGKILL' } } as const;

async function expectRebindable(server: Server): Promise<void> {
  const next = await startServer({ app: 'apps/hello.mjs', flags: ['--bind', `127.0.0.1:${server.port}`] });
  expect((await fetchText(next.url)).status).to.equal(200);
  await next.stop();
}

describe('a master that is killed', () => {
  it('M1: leaves no process behind for longer than a second, and its port can be bound at once', async () => {
    const server = await startServer({ app: 'apps/hello.mjs', flags: ['-w', '3'] });
    server.signal('SIGKILL');
    await eventually(() => server.processes().length === 0, { timeoutMs: 1_000, until: 'all processes are gone' });
    await expectRebindable(server);
    await server.stop({ ...KILLED, expectErrors: ['server.orphaned'] });
  });

  it('M1: leaves workers that answer what is in flight, and then go', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tsunicorn-orphans-'));
    const server = await startServer({ app: 'apps/gated.mjs', config: { workers: 2, drainIdleTimeout: 0.2 } });
    const connection = await openKeepAlive({ port: server.port });
    const { body: pid } = await connection.request('/pid');
    const answer = connection.request(`/gate?file=${join(dir, 'open')}`);
    server.signal('SIGKILL');
    await eventually(() => server.processes().length === 1, { until: 'only the busy worker is left' });
    expect(server.processes()).to.deep.equal([Number(pid)]);
    writeFileSync(join(dir, 'open'), '');
    expect((await answer).status).to.equal(200);
    expect(await connection.closed).to.equal(null);
    await eventually(() => server.processes().length === 0, { timeoutMs: 1_000, until: 'the last worker is gone' });
    await expectRebindable(server);
    await server.stop({ ...KILLED, expectErrors: ['server.orphaned'] });
    rmSync(dir, { recursive: true });
  });
});

describe('a master that stood still', () => {
  it('M2: does not hold the silence against its workers', async () => {
    const timeoutMs = 1_000;
    const server = await startServer({ app: 'apps/hello.mjs', config: { workers: 4, timeout: timeoutMs / 1_000 } });
    const workers = server.workers();
    server.signal('SIGSTOP');
    await delay(3 * timeoutMs);
    server.signal('SIGCONT');
    await server.event('system.clockJump');
    // A worker that was given up on would be gone by then: two seconds for the two steps to SIGKILL.
    server.signal('SIGTTIN');
    await server.event('worker.ready', ({ workerId }) => workerId === 5);
    expect(server.workers()).to.include.members(workers);
    await server.stop();
    const killed = server.log.filter(({ event }) => event === 'worker.timeout' || event === 'worker.killed');
    expect(killed).to.deep.equal([]);
  });
});
