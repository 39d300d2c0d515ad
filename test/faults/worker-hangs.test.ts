import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { connectToEach } from '../support/each-worker.ts';
import { eventually } from '../support/eventually.ts';
import { isAlive } from '../support/process-tree.ts';
import { startServer } from '../support/server.ts';
import { expectRecovered, expectToldOnce, standingOf, told } from '../support/standing.ts';

const app = 'apps/faulty.mjs';
const TIMEOUT_MS = 2_000;
/** What a busy machine may add to a time limit. */
const SLACK_MS = 2_000;

describe('a worker that is slow', () => {
  it('W3: a worker that stood still for less than timeout goes on as if nothing had been', async () => {
    const server = await startServer({ app, config: { workers: 2, timeout: TIMEOUT_MS / 1_000 } });
    const before = standingOf(server);
    const workers = server.workers();
    const connections = await connectToEach(server);
    const [stopped = 0] = workers;
    process.kill(stopped, 'SIGSTOP');
    const answer = connections.get(stopped)?.request('/pid');
    await delay(TIMEOUT_MS / 2);
    process.kill(stopped, 'SIGCONT');
    expect((await answer)?.body).to.equal(String(stopped));
    await delay(TIMEOUT_MS);
    expect(server.workers()).to.deep.equal(workers);
    await expectRecovered(server, before);
    for (const event of ['worker.timeout', 'worker.exited'] as const) expect(told(server, event)).to.deep.equal([]);
    for (const connection of connections.values()) connection.close();
    await server.stop();
  });

  it('W5: an event loop that is busy nine tenths of the time serves slower, and is not killed', async () => {
    const config = { workers: 1, timeout: 1 };
    const server = await startServer({ app, config });
    const before = standingOf(server);
    const workers = server.workers();
    await fetchText(server.url, { path: '/busy?percent=90&ms=4000' });
    const untilMs = performance.now() + 4_000;
    for (let answered = 0; performance.now() < untilMs; answered += 1) {
      expect((await fetchText(server.url, { path: '/pid' })).text, `answer ${answered}`).to.equal(String(workers[0]));
    }
    await expectRecovered(server, before);
    expect(server.workers()).to.deep.equal(workers);
    expect(told(server, 'worker.timeout')).to.deep.equal([]);
    await server.stop();
  });
});

describe('a worker whose application does as it likes', () => {
  for (const [how, path] of [
    ['closes the server that accepts', '/close-listener'],
    ['closes the descriptor that is accepted from', '/close-descriptor'],
  ] as const) {
    it(`W10: an application that ${how} is noticed, and its worker is replaced while the other serves`, async () => {
      const server = await startServer({ app, flags: ['-w', '2'] });
      const before = standingOf(server);
      const workers = server.workers();
      const connections = await connectToEach(server);
      const [harmed = 0, other = 0] = workers;
      expect((await connections.get(harmed)?.request(path))?.status).to.equal(200);
      await server.event('worker.recycling', ({ workerPid, why }) => workerPid === harmed && why === 'listenerLost');
      for (const connection of connections.values()) connection.close();
      await eventually(() => !isAlive(harmed), { until: 'the harmed worker is gone', timeoutMs: 10_000 });
      expect((await fetchText(server.url)).status).to.equal(200);
      await expectRecovered(server, before);
      expectToldOnce(server, 'worker.recycling');
      expect(server.workers()).to.include(other);
      await server.stop();
    });
  }

  it('W10: an application that leaves nothing to keep its process alive gets another worker', async () => {
    const server = await startServer({ app, flags: ['-w', '2'] });
    const before = standingOf(server);
    const connections = await connectToEach(server);
    const [harmed = 0] = server.workers();
    await connections.get(harmed)?.request('/unref');
    for (const connection of connections.values()) connection.close();
    await server.event('worker.crashed', ({ workerPid, code }) => workerPid === harmed && code === 0);
    await expectRecovered(server, before);
    expectToldOnce(server, 'worker.crashed');
    expect((await fetchText(server.url)).status).to.equal(200);
    await server.stop({ expectErrors: ['worker.crashed'] });
  });

  it('W10: an application that has taken all signals is stopped in peace, as the master does not need them', async () => {
    const server = await startServer({ app, flags: ['-w', '2'] });
    for (const connection of (await connectToEach(server)).values()) {
      expect((await connection.request('/take-signals')).status).to.equal(200);
      connection.close();
    }
    const [worker = 0] = server.workers();
    process.kill(worker, 'SIGTERM');
    expect((await fetchText(server.url)).status).to.equal(200);
    expect(server.workers()).to.include(worker);
    await server.stop({ timeoutMs: SLACK_MS + 1_000 });
    expect(told(server, 'worker.killed')).to.deep.equal([]);
    for (const line of told(server, 'worker.exited')) expect(line.code).to.equal(0);
  });

  it('W10: an application that hears no message is killed at gracefulTimeout', async () => {
    const graceMs = 1_000;
    const server = await startServer({ app, config: { workers: 1, gracefulTimeout: graceMs / 1_000 } });
    expect((await fetchText(server.url, { path: '/deaf' })).status).to.equal(200);
    const beganMs = performance.now();
    await server.stop({ timeoutMs: graceMs + SLACK_MS });
    expect(performance.now() - beganMs).to.be.at.least(graceMs - 50);
    expectToldOnce(server, 'worker.killed');
    expect(expectToldOnce(server, 'worker.exited').signal).to.equal('SIGKILL');
  });
});
