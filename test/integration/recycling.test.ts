import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { connectToEach } from '../support/each-worker.ts';
import { eventually } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import { fewestReady, whileServing } from '../support/pool-history.ts';
import { fixture, type Server, startServer } from '../support/server.ts';

/** Less than any Node.js needs for itself. */
const TOO_LITTLE_MIB = 20;

/** The most processes of workers that were there at a time, whatever they did. */
function mostProcesses({ log }: Server): number {
  return Math.max(...whileServing(log).map(({ booting, ready, leaving }) => booting + ready + leaving));
}

function count({ log }: Server, event: string): number {
  return log.filter((line) => line.event === event).length;
}

describe('maxRequests', () => {
  it('W17: reached by all workers at once, they leave one after the other, each replaced before, and no request is lost', async () => {
    const config = { app: fixture('apps/hello.mjs'), workers: 4, maxSurge: 2, maxRequests: 300 };
    const server = await startServer({ config });
    const load = startLoad({ target: { port: server.port }, connections: 16, mode: 'keep-alive', pauseMs: 2 });
    await eventually(() => count(server, 'worker.exited') >= 6, { timeoutMs: 40_000, until: 'six were replaced' });
    const { lost, non2xx, ok } = await load.stop();
    await server.stop();
    expect(lost).to.deep.equal([]);
    expect(non2xx).to.equal(0);
    expect(ok).to.be.above(6 * 300);
    expect(fewestReady(server.log)).to.equal(4);
    expect(mostProcesses(server)).to.equal(5);
  });
});

describe('maxMemory', () => {
  it('W6: an application that leaks is recycled before the kernel kills it: no request is lost, and no worker grows on', async () => {
    const maxMemory = 200;
    const kib = 768;
    const config = { app: fixture('apps/leaks.mjs'), workers: 2, maxMemory };
    const server = await startServer({ config });
    const request = { path: `/?kib=${kib}` };
    const load = startLoad({ target: { port: server.port }, connections: 4, mode: 'keep-alive', pauseMs: 50, request });
    await eventually(() => count(server, 'worker.exited') >= 3, { timeoutMs: 40_000, until: 'three were replaced' });
    const { lost, non2xx } = await load.stop();
    await server.stop();
    expect(lost).to.deep.equal([]);
    expect(non2xx).to.equal(0);
    expect(fewestReady(server.log)).to.equal(2);
    expect(mostProcesses(server)).to.equal(3);
    // At most 80 requests come in the second between two looks, twice on a busy machine.
    const most = maxMemory + (2 * 80 * kib) / 1024;
    for (const line of server.log.filter(({ event }) => event === 'worker.recycling')) {
      expect(line).to.include({ level: 'info', why: 'maxMemory' });
      expect(line.memoryMiB).to.be.within(maxMemory, most);
    }
  });

  it('W6: below what the application needs, it is told so, and workers are replaced more and more slowly', async () => {
    const config = { app: fixture('apps/hello.mjs'), workers: 2, maxMemory: TOO_LITTLE_MIB };
    const server = await startServer({ config });
    const line = await server.event('worker.maxMemoryTooLow');
    expect(line).to.include({ level: 'error', maxMemory: TOO_LITTLE_MIB });
    expect(line.memoryMiB).to.be.above(TOO_LITTLE_MIB);
    await server.event('worker.backoff', ({ failures }) => Number(failures) >= 4);
    expect((await fetchText(server.url)).status).to.equal(200);
    expect(server.workers().length).to.be.within(2, 3);
    await server.stop({ expectErrors: ['worker.maxMemoryTooLow'] });
  });

  it('W6: brought below that by a reload, the reload is aborted, and the old workers serve on', async () => {
    const config = { app: fixture('apps/hello.mjs'), workers: 2, settleTime: 5 };
    const server = await startServer({ config });
    const workers = server.workers();
    server.writeConfig({ ...config, maxMemory: TOO_LITTLE_MIB });
    server.signal('SIGHUP');
    const { faults } = await server.event('reload.aborted', undefined, { timeoutMs: 5_000 });
    expect(faults?.join()).to.match(/asked to be replaced before .*: it has more in memory than "maxMemory" allows/);
    await eventually(() => server.workers().length === 2);
    expect(server.workers()).to.have.members(workers);
    await server.stop({ expectErrors: ['worker.maxMemoryTooLow', 'reload.aborted'] });
  });
});

describe('a worker that a signal ends', () => {
  it('W6: is told of with the likely reason, the heap of JavaScript or the OOM killer of the kernel, and replaced', async () => {
    const config = {
      app: fixture('apps/leaks.mjs'),
      workers: 2,
      env: { NODE_OPTIONS: '--max-old-space-size=32' },
    };
    const server = await startServer({ config });
    const lostTo = await fetchText(server.url, { path: '/heap' }).catch((error) => error.code);
    expect(lostTo).to.equal('ECONNRESET');
    const aborted = await server.event('worker.crashed', ({ signal }) => signal === 'SIGABRT');
    expect(aborted.likely).to.match(/^out of memory\? Node.js aborts when its heap is full/);
    await server.event('worker.ready', ({ workerId }) => workerId === 3);
    process.kill(server.workers()[0] ?? 0, 'SIGKILL');
    const killed = await server.event('worker.crashed', ({ signal }) => signal === 'SIGKILL');
    expect(killed.likely).to.match(/^out of memory\? The kernel's OOM killer .* kill -9$/);
    await eventually(() => server.workers().length === 2);
    expect((await fetchText(server.url)).status).to.equal(200);
    await server.stop({ expectErrors: ['worker.crashed'] });
  });
});

describe('workers that are silent at the same time', () => {
  it('C3: a stall that several share ends at most one of them, and the others serve on', async () => {
    const timeoutMs = 2_000;
    const server = await startServer({ app: 'apps/hello.mjs', config: { workers: 4, timeout: timeoutMs / 1_000 } });
    const connections = await connectToEach(server);
    const [runs = 0, ...stalled] = server.workers();
    const beganMs = performance.now();
    for (const pid of stalled) process.kill(pid, 'SIGSTOP');
    await server.event('worker.timeout');
    // By now all three are overdue.
    await eventually(() => performance.now() - beganMs > timeoutMs + 100, { everyMs: 10 });
    for (const pid of stalled) process.kill(pid, 'SIGCONT');
    const { workerPid: ended } = await server.event('worker.exited');
    const alive = [runs, ...stalled].filter((pid) => pid !== ended);
    expect(alive).to.have.length(3);
    // Longer than the next one would have been spared.
    const answeredMs = performance.now();
    while (performance.now() - answeredMs < 1_500) {
      for (const pid of alive) expect((await connections.get(pid)?.request('/pid'))?.body).to.equal(String(pid));
    }
    await eventually(() => server.workers().length === 4);
    for (const connection of connections.values()) connection.close();
    await server.stop({ expectErrors: ['worker.timeout'] });
    expect(count(server, 'worker.timeout')).to.equal(1);
    expect(count(server, 'worker.crashed')).to.equal(0);
  });
});
