import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { cpuSeconds, isAlive } from '../support/process-tree.ts';
import { scratch } from '../support/scratch.ts';
import { type LogEventName, runServer, type Server, startServer } from '../support/server.ts';
import { expectRecovered, type Standing, standingOf, told } from '../support/standing.ts';

const app = 'apps/boots-badly.mjs';
const LOOP_SECONDS = 12;
/** Longer than a good boot takes on a busy machine. */
const BOOT_TIMEOUT_S = 3;
const LOOP_ERRORS: readonly LogEventName[] = [
  'worker.crashed',
  'worker.crashLoop',
  'worker.unreachable',
  'worker.bootFailed',
  'worker.bootTimeout',
];

describe('a replacement that does not come up', () => {
  const files = scratch();
  const bootFile = () => files.path('boot');
  const say = (how: string) => writeFileSync(bootFile(), how);

  /** A server of two workers, of which one is killed when the application has changed for the worse. */
  async function startThenSpoil(
    how: string,
    config: object = {},
  ): Promise<{ server: Server; survivor: number; before: Standing }> {
    say('well');
    const server = await startServer({ app, config: { workers: 2, ...config }, env: { BOOT_FILE: bootFile() } });
    const before = standingOf(server);
    const [victim = 0, survivor = 0] = server.workers();
    say(how);
    process.kill(victim, 'SIGKILL');
    return { server, survivor, before };
  }

  const ways = [
    ['throws', 'throw', 'worker.bootFailed', {}],
    ['exits 0 at once', 'exit 0', 'worker.bootFailed', {}],
    ['exits with the code of a server that gives up', 'exit 3', 'worker.bootFailed', {}],
    ['leaves a child and exits', 'fork', 'worker.bootFailed', {}],
    ['hangs', 'hang', 'worker.bootTimeout', { bootTimeout: BOOT_TIMEOUT_S }],
    ['loops', 'loop', 'worker.bootTimeout', { bootTimeout: BOOT_TIMEOUT_S }],
  ] as const;
  for (const [what, how, event, config] of ways) {
    it(`W8: a replacement that ${what} is tried again, more and more slowly, until it comes up; the other serves on`, async () => {
      const { server, survivor, before } = await startThenSpoil(how, config);
      await server.event(event);
      if (event === 'worker.bootFailed')
        await server.event('worker.backoff', ({ failures = 0 }) => Number(failures) >= 2);
      expect((await fetchText(server.url, { path: '/pid' })).text).to.equal(String(survivor));
      say('well');
      await expectRecovered(server, before, 20_000);
      expect(server.workers()).to.include(survivor);
      await eventually(() => server.processes().length === 3, { until: 'what the application left is gone' });
      await server.stop({ expectErrors: LOOP_ERRORS });
    });
  }

  it('W8: a replacement that takes long is waited for, as long as bootTimeout allows', async () => {
    const { server, survivor } = await startThenSpoil('slow 3000');
    await server.event('worker.ready', ({ workerId }) => workerId === 3);
    expect(server.workers()).to.have.length(2).and.include(survivor);
    expect(told(server, 'worker.bootFailed')).to.deep.equal([]);
    await server.stop({ expectErrors: ['worker.crashed'] });
  });

  it('W19: a worker whose word that it is ready is lost counts as not ready', async () => {
    const { server, survivor } = await startThenSpoil('mute', { bootTimeout: BOOT_TIMEOUT_S });
    const { workerPid = 0 } = await server.event('worker.bootTimeout');
    await eventually(() => !isAlive(workerPid), { until: 'the mute worker is gone' });
    expect(told(server, 'worker.ready', workerPid)).to.deep.equal([]);
    say('well');
    await server.event('worker.ready', ({ workerId = 0 }) => workerId > 3, { timeoutMs: 20_000 });
    await eventually(() => server.workers().length === 2);
    expect(server.workers()).to.include(survivor);
    await server.stop({ expectErrors: LOOP_ERRORS });
  });

  it('W19: a reload to an application that is never heard of is no success', async () => {
    say('well');
    const config = { workers: 2, bootTimeout: BOOT_TIMEOUT_S };
    const server = await startServer({ app, config, env: { BOOT_FILE: bootFile() } });
    const before = standingOf(server);
    const workers = server.workers();
    say('mute');
    server.signal('SIGHUP');
    const { faults = [] } = await server.event('reload.aborted');
    expect(faults.join()).to.match(/not ready within 3 s/);
    await expectRecovered(server, before);
    expect(server.workers()).to.deep.equal(workers);
    await server.stop({ expectErrors: ['reload.aborted', 'worker.bootTimeout'] });
  });

  it('W8: at the first start the end of what a hanging application wrote is in the log', async () => {
    say('hang');
    const result = await runServer({ app, flags: ['--boot-timeout', '1'], env: { BOOT_FILE: bootFile() } });
    expect(result.code).to.equal(3);
    const [line] = result.log.filter(({ event }) => event === 'worker.bootTimeout');
    expect(line?.output).to.equal('booting hang\n');
  });

  it('W8: the end of what an application wrote before it ended its process at boot is in the log', async () => {
    const { server } = await startThenSpoil('exit 3');
    expect((await server.event('worker.bootFailed')).output).to.equal('booting exit\n');
    await server.stop({ expectErrors: LOOP_ERRORS });
  });
});

describe('a crash loop', () => {
  const files = scratch();

  for (const workers of [1, 4]) {
    it(`W9: ${workers} workers that die 0.1 s after they were ready, again and again, cost neither the log nor the machine`, async () => {
      const path = files.path('boot');
      writeFileSync(path, 'die-soon 100');
      // They need not all be ready at the same time.
      const waitFor = 'worker.ready';
      const server = await startServer({ app, config: { workers }, env: { BOOT_FILE: path }, waitFor });
      await delay(2_000);
      const from = server.mark();
      const cpuBefore = cpuSeconds(server.pid);
      await delay(LOOP_SECONDS * 1_000);
      const share = (cpuSeconds(server.pid) - cpuBefore) / LOOP_SECONDS;
      const lines = server.log.slice(from).length;
      console.log(`      ${lines} lines in ${LOOP_SECONDS} s; the master took ${(share * 100).toFixed(1)} % of a CPU`);
      expect(lines).to.be.at.most(LOOP_SECONDS);
      expect(share).to.be.below(0.05);
      expect(isAlive(server.pid)).to.equal(true);
      writeFileSync(path, 'well');
      server.signal('SIGHUP');
      await server.event('reload.finished', undefined, { after: from });
      await eventually(() => server.workers().length === workers);
      expect((await fetchText(server.url)).status).to.equal(200);
      await server.stop({ expectErrors: LOOP_ERRORS });
    });
  }
});
