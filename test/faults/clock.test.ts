import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { openKeepAlive } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import { openFds, rssBytes } from '../support/process-tree.ts';
import { reload } from '../support/reload.ts';
import { scratch } from '../support/scratch.ts';
import { fixture, startServer } from '../support/server.ts';
import { expectRecovered, standingOf, told } from '../support/standing.ts';

const HOUR_MS = 3_600_000;
const TEN_YEARS_MS = 3_652 * 24 * HOUR_MS;
const CHURN_MS = 10_000;
const MIB = 1_048_576;
/** What a heap may differ by from one moment to another. */
const NOISE_BYTES = 32 * MIB;

describe('the wall clock', () => {
  const files = scratch();

  it('C1: that jumps an hour to and fro, and ten years back, ends nothing early, and Date follows it', async () => {
    const clock = files.path('clock');
    writeFileSync(clock, '0');
    const env = { CLOCK_FILE: clock, NODE_OPTIONS: `--require ${fixture('programs/wall-clock.cjs')}` };
    const config = { app: fixture('apps/fetch/hello.mjs'), workers: 2, timeout: 1, keepAlive: 60, gracefulTimeout: 5 };
    const server = await startServer({ config, env });
    const before = standingOf(server);
    const workers = server.workers();
    const connection = await openKeepAlive({ port: server.port });
    const slow = await openKeepAlive({ port: server.port });
    const answer = slow.request('/slow?ms=5000');
    for (const shiftMs of [HOUR_MS, -HOUR_MS, -TEN_YEARS_MS, 0]) {
      writeFileSync(clock, String(shiftMs));
      await delay(1_200);
      const { headers } = await connection.request('/');
      const shown = Date.parse(headers.date ?? '');
      expect(Math.abs(shown - (Date.now() + shiftMs)), `Date after ${shiftMs} ms`).to.be.below(2_500);
    }
    expect((await answer).status).to.equal(200);
    expect(server.workers()).to.deep.equal(workers);
    writeFileSync(clock, String(-TEN_YEARS_MS));
    await reload(server);
    connection.close();
    slow.close();
    await expectRecovered(server, before);
    for (const event of ['worker.timeout', 'worker.killed', 'system.clockJump'] as const) {
      expect(told(server, event)).to.deep.equal([]);
    }
    await server.stop();
  });

  it('C1: that stands still for all processes, as when the machine is suspended, ends nobody', async () => {
    const timeoutMs = 1_000;
    const server = await startServer({ app: 'apps/hello.mjs', config: { workers: 3, timeout: timeoutMs / 1_000 } });
    const before = standingOf(server);
    const workers = server.workers();
    const all = [server.pid, ...workers];
    for (const pid of all) process.kill(pid, 'SIGSTOP');
    await delay(4 * timeoutMs);
    for (const pid of all) process.kill(pid, 'SIGCONT');
    await server.event('system.clockJump');
    await delay(2 * timeoutMs);
    expect(server.workers()).to.deep.equal(workers);
    await expectRecovered(server, before);
    expect(told(server, 'worker.timeout')).to.deep.equal([]);
    await server.stop();
  });
});

describe('connections that come and go', () => {
  it('C4: a thousand a second leave neither a descriptor nor memory behind', async () => {
    const server = await startServer({ app: 'apps/hello.mjs', flags: ['-w', '2'] });
    const load = () =>
      startLoad({
        ...{ target: { port: server.port }, connections: 8, mode: 'new-connection', pauseMs: 4 },
        sourceAddresses: ['127.0.0.2', '127.0.0.3'],
      });
    const warm = load();
    await delay(3_000);
    await warm.stop();
    await delay(200);
    const before = standingOf(server);
    const workers = server.workers();
    const kept = () => workers.map((pid) => ({ fds: openFds(pid).length, rss: rssBytes(pid) }));
    const early = kept();
    const churn = load();
    await delay(CHURN_MS);
    const { lost, ok, durationMs } = await churn.stop();
    const most = early.map(({ fds }) => fds);
    await eventually(() => kept().every(({ fds }, index) => fds <= (most[index] ?? 0)), {
      until: 'the workers have no more descriptors than before',
    });
    const late = kept();
    console.log(`      ${ok} connections in ${(durationMs / 1_000).toFixed(1)} s`);
    expect(lost).to.deep.equal([]);
    for (const [index, { rss }] of late.entries()) expect(rss - (early[index]?.rss ?? 0)).to.be.below(NOISE_BYTES);
    await expectRecovered(server, before);
    expect(rssBytes(server.pid) - before.masterRssBytes).to.be.below(8 * MIB);
    await server.stop();
  });
});
