import { expect } from 'chai';
import { fetchText, type KeepAlive, openKeepAlive } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import { listening } from '../support/process-tree.ts';
import { type Server, startServer } from '../support/server.ts';

/** A connection to each of the workers; which of them accepts is the kernel's choice, so it takes some tries. */
async function connectToEach(server: Server): Promise<KeepAlive[]> {
  const found = new Map<string, KeepAlive>();
  await eventually(async () => {
    const connection = await openKeepAlive({ port: server.port });
    const { body: pid } = await connection.request('/pid');
    if (found.has(pid)) connection.close();
    else found.set(pid, connection);
    return found.size === server.workers().length;
  });
  return [...found.values()];
}

describe('stop', () => {
  it('M3: by TERM answers every request whose connection was accepted', async () => {
    const server = await startServer({ app: 'apps/hello.mjs', flags: ['-w', '2'] });
    const target = { port: server.port };
    const keepAlive = startLoad({ target, connections: 16, mode: 'keep-alive', pauseMs: 2 });
    const slow = startLoad({ target, connections: 8, mode: 'keep-alive', request: { path: '/slow?ms=400' } });
    const fresh = startLoad({ target, connections: 2, mode: 'new-connection', pauseMs: 10 });
    const loads = [keepAlive, slow, fresh];
    await eventually(() => loads.every((load) => load.report().ok >= 16));
    server.signal('SIGTERM');
    await server.exited;
    const reports = await Promise.all(loads.map((load) => load.stop()));
    await server.stop();
    const [ofKeepAlive, ofSlow, ofFresh] = reports.map(({ lost }) => lost.filter(({ why }) => why !== 'refused'));
    expect(ofKeepAlive).to.deep.equal([]);
    expect(ofSlow).to.deep.equal([]);
    // close(2) of a listening socket resets what the kernel queued since the last look at it, and no call looks and closes in one: each
    // of these clients may have had one connection there, of which no worker ever knew.
    expect(ofFresh?.length).to.be.at.most(2);
    for (const { why, bytesReceived } of ofFresh ?? []) expect([why, bytesReceived]).to.deep.equal(['reset', 0]);
    for (const { non2xx } of reports) expect(non2xx).to.equal(0);
    const began = server.log.findIndex(({ event }) => event === 'server.stopping');
    expect(server.log.slice(began).filter(({ event }) => event === 'worker.exited')).to.have.length(2);
  });

  it('M3: by TERM answers what waits in the accept queue while every worker is busy', async () => {
    const server = await startServer({ app: 'apps/hello.mjs', flags: ['-w', '2'] });
    const blockers = await connectToEach(server);
    const blocked = blockers.map((connection) => connection.request('/block?ms=400'));
    const waiting = await Promise.all(Array.from({ length: 50 }, () => openKeepAlive({ port: server.port })));
    const answers = waiting.map((connection) => connection.request('/'));
    server.signal('SIGTERM');
    for (const answer of await Promise.all([...blocked, ...answers])) expect(answer.status).to.equal(200);
    await server.stop();
  });

  it('M3: answers an idle connection that goes on sending, the last time with Connection: close', async () => {
    const server = await startServer({ app: 'apps/hello.mjs', flags: ['--drain-idle-timeout', '1'] });
    const connection = await openKeepAlive({ port: server.port });
    await connection.request('/');
    server.signal('SIGTERM');
    await server.event('worker.draining');
    for (let last = false; !last; ) {
      const { status, closes } = await connection.request('/');
      expect(status).to.equal(200);
      last = closes;
    }
    expect(await connection.closed).to.equal(null);
    await server.stop();
  });

  it('M3: frees the address while clients still hold connections', async () => {
    const server = await startServer({ app: 'apps/hello.mjs', flags: ['--drain-idle-timeout', '5'] });
    const connection = await openKeepAlive({ port: server.port });
    await connection.request('/');
    server.signal('SIGTERM');
    await eventually(() => !listening(server.port), { until: 'the port is free' });
    const next = await startServer({ app: 'apps/hello.mjs', flags: ['--bind', `127.0.0.1:${server.port}`] });
    expect(server.workers()).to.have.length(1);
    expect((await connection.request('/pid')).closes).to.equal(true);
    expect((await server.exited).code).to.equal(0);
    expect((await fetchText(next.url)).status).to.equal(200);
    await next.stop();
    await server.stop();
  });
});
