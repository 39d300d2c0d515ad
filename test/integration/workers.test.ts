import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { connectToEach, replacementReady } from '../support/each-worker.ts';
import { eventually } from '../support/eventually.ts';
import { reload } from '../support/reload.ts';
import { startServer } from '../support/server.ts';

describe('workers', () => {
  it('W3: that are silent for longer than timeout are killed and replaced, while others serve on', async () => {
    const timeoutMs = 2_000;
    const server = await startServer({ app: 'apps/hello.mjs', config: { workers: 4, timeout: timeoutMs / 1_000 } });
    const connections = await connectToEach(server);
    const [blocked = 0, stopped = 0, ...others] = server.workers();
    const cut = connections
      .get(blocked)
      ?.request('/block?ms=60000')
      .catch((error: Error) => error.message);
    process.kill(stopped, 'SIGSTOP');
    let gone = false;
    const stuck = [blocked, stopped];
    const ends = stuck.map((pid) => server.event('worker.exited', ({ workerPid }) => workerPid === pid));
    const allGone = Promise.all(ends).finally(() => {
      gone = true;
    });
    let answered = 0;
    while (!gone) {
      for (const pid of others) expect((await connections.get(pid)?.request('/pid'))?.body).to.equal(String(pid));
      answered += 1;
    }
    const exits = await allGone;
    expect(answered).to.be.above(100);
    expect(exits.map(({ signal }) => signal)).to.deep.equal(['SIGKILL', 'SIGKILL']);
    expect(await cut).to.match(/the connection ended/);
    await eventually(() => server.workers().length === 4);
    await server.event('worker.ready', ({ workerId }) => workerId === 6);
    expect(server.workers()).to.include.members(others).and.not.include.members(stuck);
    for (const pid of stuck) {
      const lines = server.log.filter(({ workerPid }) => workerPid === pid).slice(2);
      expect(lines.map(({ event }) => event)).to.deep.equal(['worker.timeout', 'worker.killed', 'worker.exited']);
      // The second one had a second to come back.
      expect(lines[0]?.silentMs).to.be.within(timeoutMs, timeoutMs + 2_500);
    }
    for (const connection of connections.values()) connection.close();
    await server.stop({ expectErrors: ['worker.timeout'] });
  });

  it('W7: one that an application ends from within a request is replaced, whatever its exit code', async () => {
    const server = await startServer({ app: 'apps/hello.mjs', flags: ['-w', '2'] });
    for (const code of [0, 3]) {
      const after = server.mark();
      const failure = await fetchText(server.url, { path: `/exit?code=${code}` }).catch((error) => error.code);
      expect(failure).to.equal('ECONNRESET');
      expect((await server.event('worker.crashed', undefined, { after })).code).to.equal(code);
      await replacementReady(server, after);
    }
    expect((await fetchText(server.url)).status).to.equal(200);
    await server.stop({ expectErrors: ['worker.crashed'] });
  });

  it('W9: that keep dying are started more and more slowly, and a reload with mended code heals at once', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tsunicorn-workers-'));
    const told = join(dir, 'boot');
    writeFileSync(told, 'exit soon');
    const server = await startServer({ app: 'apps/boots-as-told.mjs', env: { BOOT_FILE: told } });
    const delays: unknown[] = [];
    for (const failures of [2, 3, 4]) {
      const event = failures === 2 ? 'worker.backoff' : 'worker.crashLoop';
      delays.push((await server.event(event, (line) => line.failures === failures)).delayMs);
    }
    expect(delays[0]).to.be.within(250, 500);
    expect(delays[1]).to.be.within(500, 1_000);
    expect(delays[2]).to.be.within(1_000, 2_000);
    // From the third on it is a loop, of which only the ends are told.
    expect(server.log.filter(({ event }) => event === 'worker.spawned')).to.have.length(3);
    writeFileSync(told, 'well');
    const after = server.mark();
    server.signal('SIGHUP');
    await server.event('worker.spawned', undefined, { after, timeoutMs: 1_000 });
    await server.event('reload.finished', undefined, { after });
    expect((await fetchText(server.url)).status).to.equal(200);
    rmSync(dir, { recursive: true });
    await server.stop({ expectErrors: ['worker.crashed', 'worker.crashLoop'] });
  });

  it('W16: may send what they like: the master survives it, and does not let it fill the log', async () => {
    const server = await startServer({ app: 'apps/bad-colleague.mjs', flags: ['-w', '2'] });
    const workers = server.workers();
    expect((await fetchText(server.url, { path: '/flood?count=20000' })).text).to.equal('flooded\n');
    await server.event('message.invalid');
    await reload(server);
    expect((await fetchText(server.url)).status).to.equal(200);
    expect(server.workers()).to.not.include.members(workers);
    await server.stop();
    expect(server.log.filter(({ event }) => event === 'message.invalid')).to.have.length(1);
  });

  it('W16: may write garbage into the channel: the master survives it, and the worker serves on', async () => {
    const server = await startServer({ app: 'apps/bad-colleague.mjs', flags: ['-w', '2'] });
    const workers = server.workers();
    expect((await fetchText(server.url, { path: '/garble' })).text).to.equal('garbled\n');
    await server.event('message.invalid');
    expect((await fetchText(server.url)).status).to.equal(200);
    expect(server.workers()).to.deep.equal(workers);
    await server.stop();
  });

  it('W16: that close their channel are replaced', async () => {
    const server = await startServer({ app: 'apps/bad-colleague.mjs', flags: ['-w', '2'] });
    expect((await fetchText(server.url, { path: '/disconnect' })).status).to.equal(200);
    await server.event('worker.ready', ({ workerId }) => workerId === 3);
    await eventually(() => server.workers().length === 2);
    expect((await fetchText(server.url)).status).to.equal(200);
    await server.stop({ expectErrors: ['worker.crashed', 'worker.unreachable', 'server.orphaned'] });
  });
});
