import { mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { mostWorkers } from '../../src/master/most-workers.ts';
import { usableCpus } from '../../src/os/cpus.ts';
import { fetchText } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import { scratch } from '../support/scratch.ts';
import { fixture, type Server, startServer } from '../support/server.ts';
import { expectRecovered, readyWorkers, standingOf, told } from '../support/standing.ts';

const app = 'apps/hello.mjs';
const TIMEOUT_MS = 1_000;
const STORM = 1_000;
const REOPENINGS = 100;
/** When the directory of the log is not there. */
const GONE_AT = 50;

async function stopped(server: Server, forMs: number, meanwhile: () => void): Promise<void> {
  server.signal('SIGSTOP');
  meanwhile();
  await delay(forMs);
  server.signal('SIGCONT');
}

function targets(server: Server): unknown[] {
  return told(server, 'workers.changed').map(({ workers }) => workers);
}

describe('a master that stood still', () => {
  it('M2: for four times timeout kills nobody, and reloads afterwards where HUP came meanwhile', async () => {
    const server = await startServer({ app, config: { workers: 3, timeout: TIMEOUT_MS / 1_000 } });
    const before = standingOf(server);
    await stopped(server, 4 * TIMEOUT_MS, () => server.signal('SIGHUP'));
    await server.event('reload.finished');
    await expectRecovered(server, before);
    expect(told(server, 'system.clockJump')).to.have.length(1);
    for (const event of ['worker.timeout', 'worker.killed'] as const) expect(told(server, event)).to.deep.equal([]);
    await server.stop();
  });

  it('M2: stops in peace afterwards where TERM came meanwhile', async () => {
    const server = await startServer({ app, config: { workers: 2, timeout: TIMEOUT_MS / 1_000 } });
    await stopped(server, 4 * TIMEOUT_MS, () => server.signal('SIGTERM'));
    expect(await server.exited).to.deep.equal({ code: 0, signal: null });
    await server.stop();
    expect(told(server, 'worker.timeout')).to.deep.equal([]);
    expect(told(server, 'worker.exited').map(({ code }) => code)).to.deep.equal([0, 0]);
  });
});

describe('storms of signals', () => {
  it(`M11: ${STORM} TTIN and ${STORM} TTOU end at the most and at one worker, and HUP at the number of the file`, async function () {
    this.timeout(120_000);
    const most = mostWorkers(2, usableCpus());
    const server = await startServer({ app, config: { workers: 2 } });
    const before = standingOf(server);
    for (let sent = 0; sent < STORM; sent += 1) {
      server.signal('SIGTTIN');
      if (sent % 10 === 0) await delay(1);
    }
    await server.event('workers.enough', undefined, { timeoutMs: 30_000 });
    await eventually(() => readyWorkers(server) === most, { timeoutMs: 60_000, until: `${most} workers are ready` });
    expect(Math.max(...targets(server).map(Number))).to.equal(most);
    expect((await fetchText(server.url)).status).to.equal(200);
    for (let sent = 0; sent < STORM; sent += 1) {
      server.signal('SIGTTOU');
      if (sent % 10 === 0) await delay(1);
    }
    await eventually(() => server.workers().length === 1, { timeoutMs: 30_000, until: 'one worker is left' });
    expect(targets(server).at(-1)).to.equal(1);
    expect((await fetchText(server.url)).status).to.equal(200);
    server.signal('SIGHUP');
    await server.event('reload.finished');
    await expectRecovered(server, before);
    await server.stop();
  });

  it('M11: TTIN and TTOU within a reload count for it, whether it comes to its end or not', async () => {
    const config = { app: fixture(app), workers: 2 };
    const server = await startServer({ config });
    const before = standingOf(server);
    const after = server.mark();
    server.signal('SIGHUP');
    await server.event('worker.spawned', undefined, { after });
    server.signal('SIGTTIN');
    await server.event('reload.finished', undefined, { after });
    await expectRecovered(server, { ...before, workers: 3, masterFds: before.masterFds + 1 });
    server.writeConfig({ ...config, app: fixture('broken/throws.mjs') });
    server.signal('SIGHUP');
    await server.event('worker.bootFailed');
    await server.event('reload.aborted');
    server.signal('SIGTTOU');
    await expectRecovered(server, before);
    // The file's two, and after the reload that failed one less than the three before it.
    expect(targets(server)).to.deep.equal([3, 2, 2]);
    await server.stop({ expectErrors: ['worker.bootFailed', 'reload.aborted'] });
  });

  it('M15: INT to every process of the group, as Ctrl-C sends it, is one intention, and a quick stop in order', async () => {
    const server = await startServer({ app, flags: ['-w', '3'] });
    await fetchText(server.url);
    for (const pid of [...server.workers(), server.pid]) process.kill(pid, 'SIGINT');
    expect(await server.exited).to.deep.equal({ code: 0, signal: null });
    await server.stop();
    expect(told(server, 'server.stopHurried')).to.deep.equal([]);
    for (const event of ['worker.crashed', 'worker.killed'] as const) expect(told(server, event)).to.deep.equal([]);
  });

  it('M15: TERM to every process of the group, as systemd sends it to a control group, loses nothing', async () => {
    const server = await startServer({ app, flags: ['-w', '3'] });
    const load = startLoad({ target: { port: server.port }, connections: 8, mode: 'keep-alive', pauseMs: 2 });
    await eventually(() => load.report().ok >= 100);
    for (const pid of [server.pid, ...server.workers()]) process.kill(pid, 'SIGTERM');
    expect(await server.exited).to.deep.equal({ code: 0, signal: null });
    const { lost, non2xx } = await load.stop();
    await server.stop();
    expect(lost.filter(({ why }) => why !== 'refused')).to.deep.equal([]);
    expect(non2xx).to.equal(0);
    // Those that were signalled before their master are replaced until it is, too; all of them leave in order.
    for (const { code, signal } of told(server, 'worker.exited')) expect([code, signal]).to.deep.equal([0, null]);
  });

  it('M15: HUP to every worker, as pkill sends it by name, is nothing to them', async () => {
    const server = await startServer({ app, flags: ['-w', '3'] });
    const before = standingOf(server);
    const workers = server.workers();
    for (const pid of workers) process.kill(pid, 'SIGHUP');
    await delay(200);
    expect(server.workers()).to.deep.equal(workers);
    await expectRecovered(server, before);
    expect(told(server, 'reload.started')).to.deep.equal([]);
    await server.stop();
  });
});

describe('USR1', () => {
  const files = scratch();

  it(`M12: ${REOPENINGS} times under load, with the file renamed and its directory gone for a while, loses no request`, async () => {
    const dir = files.path('logs');
    mkdirSync(dir);
    const access = `${dir}/access.log`;
    const server = await startServer({ app, flags: ['-w', '2', '--access-log', access] });
    const before = standingOf(server);
    const load = startLoad({ target: { port: server.port }, connections: 4, mode: 'keep-alive', pauseMs: 2 });
    const reopened = () => told(server, 'logs.reopened').length;
    for (let turn = 0; turn < REOPENINGS; turn += 1) {
      if (turn % 10 === 0 && turn !== GONE_AT) renameSync(access, `${access}.${turn}`);
      if (turn === GONE_AT) renameSync(dir, `${dir}.away`);
      const [count, after] = [reopened(), server.mark()];
      server.signal('SIGUSR1');
      if (turn === GONE_AT) {
        await server.event('logs.reopenFailed', undefined, { after });
        renameSync(`${dir}.away`, dir);
      } else if (turn !== GONE_AT + 1)
        await eventually(() => reopened() >= count + 2, { until: 'both have reopened it' });
    }
    const { lost, non2xx, ok } = await load.stop();
    await expectRecovered(server, before);
    expect({ lost, non2xx }).to.deep.equal({ lost: [], non2xx: 0 });
    expect(ok).to.be.above(100);
    await server.stop({ expectErrors: ['logs.reopenFailed'] });
    const lines = readdirSync(dir).flatMap((name) => readFileSync(`${dir}/${name}`, 'utf8').split('\n').slice(0, -1));
    expect(lines).to.have.length(ok);
  });
});
