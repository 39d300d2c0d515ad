import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { fetchText, openKeepAlive } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import { fewestReady, mostServing } from '../support/pool-history.ts';
import { children } from '../support/process-tree.ts';
import { reload } from '../support/reload.ts';
import { scratch } from '../support/scratch.ts';
import { fixture, startServer } from '../support/server.ts';
import { expectRecovered, expectToldOnce, standingOf, told } from '../support/standing.ts';

const WORKERS = 2;
const STORM_MS = 10_000;
const SLOW_BOOT_MS = 5_000;

describe('HUP', () => {
  const files = scratch();

  it('M4: with an application that takes 5 s to boot, under load, loses nothing, and the old workers serve until then', async function () {
    this.timeout(60_000);
    writeFileSync(files.path('boot'), `well`);
    const env = { BOOT_FILE: files.path('boot') };
    const server = await startServer({ app: 'apps/boots-badly.mjs', config: { workers: WORKERS }, env });
    const before = standingOf(server);
    const old = server.workers();
    const target = { port: server.port };
    const loads = [
      startLoad({ target, connections: 8, mode: 'keep-alive', pauseMs: 5 }),
      startLoad({ target, connections: 2, mode: 'new-connection', pauseMs: 10 }),
    ];
    writeFileSync(files.path('boot'), `slow ${SLOW_BOOT_MS}`);
    server.signal('SIGHUP');
    await server.event('reload.finished', undefined, { timeoutMs: 40_000 });
    await expectRecovered(server, before);
    const reports = await Promise.all(loads.map((load) => load.stop()));
    expect(server.workers()).to.not.include.members(old);
    await server.stop();
    for (const { lost, non2xx } of reports) expect({ lost, non2xx }).to.deep.equal({ lost: [], non2xx: 0 });
    expect(fewestReady(server.log)).to.equal(WORKERS);
    expect(mostServing(server.log)).to.equal(WORKERS + 1);
  });

  it('M5: a storm of 10 s, with requests that take long, keeps the number of processes in bounds', async function () {
    this.timeout(90_000);
    const server = await startServer({ app: 'apps/hello.mjs', config: { workers: WORKERS, gracefulTimeout: 20 } });
    const before = standingOf(server);
    const target = { port: server.port };
    // Each generation is left with requests that take longer than the next ones need.
    const slow = startLoad({ target, connections: 8, mode: 'keep-alive', request: { path: '/slow?ms=3000' } });
    const quick = startLoad({ target, connections: 4, mode: 'keep-alive', pauseMs: 10 });
    let most = 0;
    const untilMs = performance.now() + STORM_MS;
    while (performance.now() < untilMs) {
      server.signal('SIGHUP');
      most = Math.max(most, children(server.pid).length);
      await delay(20);
    }
    const reports = await Promise.all([slow.stop(), quick.stop()]);
    const lastHup = server.log.findLastIndex(({ event }) => event === 'signal.received');
    await eventually(
      () =>
        told(server, 'reload.finished').length === told(server, 'reload.started').length && server.log.length > lastHup,
      { timeoutMs: 20_000 },
    );
    await expectRecovered(server, before, 30_000);
    await server.stop();
    const reloads = told(server, 'reload.finished').length;
    console.log(`      ${reloads} reloads; at most ${most} processes below the master`);
    for (const { lost, non2xx } of reports) expect({ lost, non2xx }).to.deep.equal({ lost: [], non2xx: 0 });
    expect(reloads).to.be.at.least(2);
    expect(mostServing(server.log)).to.equal(WORKERS + 1);
    expect(fewestReady(server.log)).to.equal(WORKERS);
    // Those that serve, those of the generation that leaves now and of two before it, and the trial of the config file.
    expect(most).to.be.at.most(WORKERS + 1 + 3 * WORKERS + 1);
  });

  it('M5: a reload waits where two generations still finish their requests, and TERM does not wait for it', async () => {
    const server = await startServer({ app: 'apps/hello.mjs', config: { workers: 1, gracefulTimeout: 10 } });
    for (let turn = 0; turn < 2; turn += 1) {
      const connection = await openKeepAlive({ port: server.port });
      const answer = connection.request('/slow?ms=2500');
      answer.then(
        () => connection.close(),
        () => {},
      );
      await fetchText(server.url);
      await reload(server);
    }
    server.signal('SIGHUP');
    await server.event('reload.waiting');
    expect(told(server, 'reload.started')).to.have.length(2);
    await server.event('reload.finished', ({ generation }) => generation === 4);
    expectToldOnce(server, 'reload.waiting');
    await server.stop();
  });

  it('M10: HUP, TTIN and USR1 while the server stops change nothing, and TERM within a reload wins', async () => {
    const server = await startServer({ app: 'apps/hello.mjs', config: { workers: 2 } });
    const connection = await openKeepAlive({ port: server.port });
    const answer = connection.request('/slow?ms=1500');
    await fetchText(server.url);
    const after = server.mark();
    server.signal('SIGHUP');
    await server.event('worker.spawned', undefined, { after });
    server.signal('SIGTERM');
    await server.event('server.stopping');
    const spawned = told(server, 'worker.spawned').length;
    for (const name of ['SIGHUP', 'SIGTTIN', 'SIGUSR1'] as const) server.signal(name);
    await server.event('reload.ignored');
    expect((await answer).status).to.equal(200);
    expect(await server.exited).to.deep.equal({ code: 0, signal: null });
    await server.stop();
    expect(told(server, 'worker.spawned')).to.have.length(spawned);
    expect(told(server, 'reload.finished')).to.deep.equal([]);
  });

  it('M19: takes up the release that a symbolic link was switched to, and that replaces a script in place', async () => {
    const version = (name: string) => `export default (_req, res) => res.end('release ${name}');`;
    for (const name of ['one', 'two']) {
      mkdirSync(files.path(name));
      writeFileSync(files.path(`${name}/app.mjs`), version(name));
    }
    symlinkSync(files.path('one'), files.path('current'));
    const start = { app: './app.mjs', cwd: files.path('current'), env: { PWD: files.path('current') } };
    const server = await startServer({ ...start, flags: ['-w', '2'] });
    const before = standingOf(server);
    expect((await fetchText(server.url)).text).to.equal('release one');
    symlinkSync(files.path('two'), files.path('next'));
    renameSync(files.path('next'), files.path('current'));
    await reload(server);
    await expectRecovered(server, before);
    expect((await fetchText(server.url)).text).to.equal('release two');
    const after = server.mark();
    server.signal('SIGHUP');
    await server.event('worker.spawned', undefined, { after });
    writeFileSync(files.path('two/app.mjs.new'), version('three'));
    renameSync(files.path('two/app.mjs.new'), files.path('two/app.mjs'));
    await server.event('reload.finished', undefined, { after });
    await reload(server);
    await expectRecovered(server, before);
    expect((await fetchText(server.url)).text).to.equal('release three');
    await server.stop();
  });

  it('M19: with a working directory that was deleted fails with a sentence, and the old workers serve on', async () => {
    const dir = files.path('release');
    mkdirSync(dir);
    writeFileSync(`${dir}/app.mjs`, `export default (_req, res) => res.end('still here');`);
    const server = await startServer({ app: './app.mjs', cwd: dir, env: { PWD: dir }, flags: ['-w', '2'] });
    const before = standingOf(server);
    const workers = server.workers();
    rmSync(dir, { recursive: true });
    server.signal('SIGHUP');
    const failed = await Promise.race([server.event('reload.failed'), server.event('reload.aborted')]);
    expect(failed.faults?.join()).to.match(/ENOENT|no such|not there|does not exist/i);
    await expectRecovered(server, before);
    expect(server.workers()).to.deep.equal(workers);
    expect((await fetchText(server.url)).text).to.equal('still here');
    mkdirSync(dir);
    writeFileSync(`${dir}/app.mjs`, `export default (_req, res) => res.end('back again');`);
    await reload(server);
    await expectRecovered(server, before);
    expect((await fetchText(server.url)).text).to.equal('back again');
    await server.stop({ expectErrors: ['reload.failed', 'reload.aborted', 'worker.spawnFailed', 'worker.bootFailed'] });
  });

  it('M6: says in the log what was refused, and leaves nothing of it', async () => {
    const config = { app: fixture('apps/hello.mjs'), workers: 2 };
    const server = await startServer({ config });
    const before = standingOf(server);
    for (let turn = 0; turn < 5; turn += 1) {
      server.writeConfig({ ...config, max_requests: 1 });
      await reload(server, 'reload.failed');
    }
    await expectRecovered(server, before);
    expect(told(server, 'reload.failed')).to.have.length(5);
    await server.stop({ expectErrors: ['reload.failed'] });
  });
});
