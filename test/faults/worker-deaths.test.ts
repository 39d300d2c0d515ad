import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { fetchText, openKeepAlive } from '../support/client.ts';
import { connectToEach, replacementReady } from '../support/each-worker.ts';
import { startLoad } from '../support/load.ts';
import { isAlive } from '../support/process-tree.ts';
import { reload } from '../support/reload.ts';
import { type LogLine, type Server, startServer } from '../support/server.ts';
import { expectRecovered, expectToldOnce, standingOf, told } from '../support/standing.ts';

const app = 'apps/faulty.mjs';
const KILLS = 20;
const LAST_PID = '/proc/sys/kernel/ns_last_pid';
/** What a busy machine may add to a second. */
const SLACK_MS = 1_000;

function timeOf(line: LogLine): number {
  return Date.parse(String(line.time));
}

/** How long the first workers took from their start until they were ready. */
function bootMs(server: Server): number {
  const ready = server.log.filter(({ event }) => event === 'worker.ready');
  const spawned = (pid?: number) =>
    server.log.find((line) => line.event === 'worker.spawned' && line.workerPid === pid);
  return Math.max(...ready.map((line) => timeOf(line) - timeOf(spawned(line.workerPid) ?? line)));
}

describe('the death of a worker', () => {
  it('W1: SIGKILL within an answer cuts that answer, which is not taken for a whole one, and no other', async () => {
    const server = await startServer({ app, flags: ['-w', '3'] });
    const before = standingOf(server);
    const connections = await connectToEach(server);
    const [victim = 0, ...others] = server.workers();
    const half = connections
      .get(victim)
      ?.request('/half')
      .catch((error: Error) => error.message);
    const slow = others.map((pid) => connections.get(pid)?.request('/slow?ms=1500'));
    await delay(100);
    const after = server.mark();
    process.kill(victim, 'SIGKILL');
    expect(await half).to.match(/the connection ended \(closed\) after [1-9]\d* bytes of an answer/);
    const line = await replacementReady(server, after);
    const crash = expectToldOnce(server, 'worker.crashed', victim);
    expect(timeOf(line) - timeOf(crash)).to.be.below(1_000 + bootMs(server) + SLACK_MS);
    for (const answer of await Promise.all(slow)) expect(answer?.status).to.equal(200);
    await expectRecovered(server, before);
    for (const connection of connections.values()) connection.close();
    await server.stop({ expectErrors: ['worker.crashed'] });
  });

  it(`W1: SIGKILL of one of four workers each second for ${KILLS} s: nothing is refused, and lost only what was in flight there`, async function () {
    this.timeout(90_000);
    const server = await startServer({ app: 'apps/hello.mjs', flags: ['-w', '4'] });
    const before = standingOf(server);
    const target = { port: server.port };
    const keepAlive = startLoad({ target, connections: 8, mode: 'keep-alive', pauseMs: 10 });
    const fresh = startLoad({ target, connections: 4, mode: 'new-connection', pauseMs: 10 });
    const replacedMs: number[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const second = delay(1_000);
      const workers = server.workers();
      const after = server.mark();
      const victim = workers[kill % workers.length] ?? 0;
      const sinceMs = performance.now();
      process.kill(victim, 'SIGKILL');
      await replacementReady(server, after);
      replacedMs.push(performance.now() - sinceMs);
      await second;
    }
    const [ofKeepAlive, ofFresh] = await Promise.all([keepAlive.stop(), fresh.stop()]);
    const median = replacedMs.toSorted((a, b) => a - b)[KILLS / 2] ?? 0;
    const lost = [...ofKeepAlive.lost, ...ofFresh.lost];
    console.log(
      `      ${KILLS} kills: ${ofKeepAlive.sent + ofFresh.sent} requests, ${lost.length} lost; a replacement was ready after ` +
        `${median.toFixed(0)} ms (median), ${Math.max(...replacedMs).toFixed(0)} ms (longest)`,
    );
    expect(ofKeepAlive.non2xx + ofFresh.non2xx).to.equal(0);
    for (const { why, errno } of lost) expect(`${why} ${errno}`).to.match(/^(reset|closed before|closed within)/);
    // Of a client that has one request in flight at most one can be lost to a kill.
    expect(lost.length).to.be.at.most(KILLS * (8 + 4));
    expect(ofKeepAlive.ok + ofFresh.ok).to.be.above(1_000);
    await expectRecovered(server, before);
    // One that was killed soon after it was ready counts as in a crash loop, and several of these may be told in one line.
    const looped = told(server, 'worker.crashLoop').reduce((sum, { count }) => sum + Number(count), 0);
    expect(told(server, 'worker.crashed').length + looped).to.equal(KILLS);
    await server.stop({ expectErrors: ['worker.crashed', 'worker.crashLoop'] });
  });

  it('W6: a heap that is full ends one worker: it is replaced at once, and the log says what to think of', async () => {
    const env = { NODE_OPTIONS: '--max-old-space-size=64' };
    const server = await startServer({ app, flags: ['-w', '2'], env });
    const before = standingOf(server);
    const after = server.mark();
    const failure = await fetchText(server.url, { path: '/exhaust-heap' }).catch((error) => error.code);
    expect(failure).to.equal('ECONNRESET');
    await replacementReady(server, after);
    const { signal, likely } = expectToldOnce(server, 'worker.crashed');
    expect(signal).to.equal('SIGABRT');
    expect(likely).to.match(/^out of memory\?.*heap is full/);
    expect((await fetchText(server.url)).status).to.equal(200);
    await expectRecovered(server, before);
    await server.stop({ expectErrors: ['worker.crashed'] });
    expect(server.stderrText).to.include('heap out of memory');
  });

  it('W6: a worker that the kernel ends for its memory (SIGKILL) is replaced, and the log says what to think of', async () => {
    const server = await startServer({ app, flags: ['-w', '2'] });
    const before = standingOf(server);
    const [victim = 0] = server.workers();
    process.kill(victim, 'SIGKILL');
    await server.event('worker.crashed');
    await expectRecovered(server, before);
    expect(expectToldOnce(server, 'worker.crashed', victim).likely).to.match(/^out of memory\?.*dmesg/);
    await server.stop({ expectErrors: ['worker.crashed'] });
  });

  for (const code of [0, 1, 3, 4]) {
    it(`W7: an application that exits with code ${code} within a request does not stop the server`, async () => {
      const server = await startServer({ app, flags: ['-w', '2'] });
      const before = standingOf(server);
      const bystander = await connectToEach(server);
      const failure = await fetchText(server.url, { path: `/exit?code=${code}` }).catch((error) => error.code);
      expect(failure).to.equal('ECONNRESET');
      const { workerPid } = await server.event('worker.crashed', (line) => line.code === code);
      for (const [pid, connection] of bystander) {
        if (pid !== workerPid) expect((await connection.request('/pid')).body).to.equal(String(pid));
        connection.close();
      }
      await expectRecovered(server, before);
      expectToldOnce(server, 'worker.crashed');
      await server.stop({ expectErrors: ['worker.crashed'] });
    });
  }

  it('W7: process.abort() within a request ends its worker alone', async () => {
    const server = await startServer({ app, flags: ['-w', '2'] });
    const before = standingOf(server);
    const failure = await fetchText(server.url, { path: '/abort' }).catch((error) => error.code);
    expect(failure).to.equal('ECONNRESET');
    expect((await server.event('worker.crashed')).signal).to.equal('SIGABRT');
    await expectRecovered(server, before);
    expectToldOnce(server, 'worker.crashed');
    await server.stop({ expectErrors: ['worker.crashed'] });
  });

  const canChoosePids = isWritable(LAST_PID);
  if (canChoosePids) {
    it('W14: a stranger that was given the pid of a dead worker gets no signal', async function () {
      this.timeout(60_000);
      const server = await startServer({ app: 'apps/hello.mjs', config: { workers: 2, timeout: 1 } });
      const before = standingOf(server);
      const stranger = await strangerInPlaceOf(server);
      try {
        server.signal('SIGUSR1');
        await reload(server);
        for (const name of ['SIGTTIN', 'SIGTTOU'] as const) {
          const after = server.mark();
          server.signal(name);
          await server.event('workers.changed', undefined, { after });
        }
        await expectRecovered(server, before);
        await server.stop({ expectErrors: ['worker.crashed'] });
        expect(isAlive(stranger.pid ?? 0), 'the stranger').to.equal(true);
      } finally {
        stranger.kill('SIGKILL');
      }
      expect(stranger.signalCode).to.equal(null);
    });
  }
});

/** Kills workers until a process of ours gets the pid of one; others start processes too. */
async function strangerInPlaceOf(server: Server): Promise<ChildProcess> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const [victim = 0] = server.workers();
    const after = server.mark();
    process.kill(victim, 'SIGKILL');
    await replacementReady(server, after);
    writeFileSync(LAST_PID, String(victim - 1));
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    if (child.pid === victim) return child;
    child.kill('SIGKILL');
  }
  throw new Error('no process was given the pid that was chosen for it');
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

describe('what an application lets escape', () => {
  const handled = [
    ['W7: an unhandled rejection', '/reject-unhandled', 'app.unhandledRejection', /nobody awaits this/],
    ['W7: an error event without a listener', '/error-event', 'app.uncaughtException', /nobody listens/],
    ['W7: an exception in a data handler', '/throw-in-data', 'app.uncaughtException', /thrown by a data handler/],
  ] as const;
  for (const [what, path, event, why] of handled) {
    it(`${what} is logged, and the worker is replaced when it has answered the others`, async () => {
      const server = await startServer({ app, flags: ['-w', '1'] });
      const before = standingOf(server);
      const bystander = await openKeepAlive({ port: server.port });
      await bystander.request('/');
      const answer = bystander.request('/slow?ms=700');
      const faulty = await openKeepAlive({ port: server.port });
      const body = 'a body';
      const bytes = `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
      faulty.write(bytes);
      const line = await server.event(event);
      expect(JSON.stringify(line.error)).to.match(why);
      // A closed sending side alone would not be a client that is gone.
      faulty.reset();
      expect((await answer).status).to.equal(200);
      await server.event('worker.exited');
      await expectRecovered(server, before);
      expectToldOnce(server, event);
      expectToldOnce(server, 'worker.recycling');
      bystander.close();
      await server.stop({ expectErrors: [event] });
    });
  }

  it('W7: a stack that overflows within an AsyncLocalStorage costs its request, and no more', async () => {
    const server = await startServer({ app, flags: ['-w', '1'] });
    const before = standingOf(server);
    expect((await fetchText(server.url, { path: '/overflow' })).status).to.equal(500);
    expect((await fetchText(server.url)).status).to.equal(200);
    await expectRecovered(server, before);
    expectToldOnce(server, 'request.failed');
    expect(told(server, 'worker.exited')).to.deep.equal([]);
    await server.stop({ expectErrors: ['request.failed'] });
  });
});
