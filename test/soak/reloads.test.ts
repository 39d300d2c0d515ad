import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import { fewestReady } from '../support/pool-history.ts';
import { openFds, rssBytes } from '../support/process-tree.ts';
import { reload } from '../support/reload.ts';
import { fixture, type Server, startServer } from '../support/server.ts';
import { median } from './latency.ts';
import { inMib } from './memory.ts';

const RELOADS = 1_000;
/** How many at the start and at the end are compared. */
const COMPARED = 50;
/** Until the heap of the master has its size. */
const WARM_UP = 20;
const MOST_GROWTH = 1.1;
const REQUESTS = 100_000;
const RELOADS_UNDER_LOAD = 100;

/** The count of threads, of proc_pid_status(5). */
function threadsOf(pid: number): number {
  return Number(/^Threads:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function countsOf(server: Server) {
  const fds = openFds(server.pid);
  return {
    descriptors: fds.length,
    sockets: fds.filter((target) => target.startsWith('socket:')).length,
    processes: server.processes().length,
    threads: threadsOf(server.pid),
  };
}

/** When the last old worker, and the master's end of its channel, are gone. */
async function countsAtRest(server: Server) {
  await eventually(() => server.workers().length === 1);
  await delay(1_000);
  return countsOf(server);
}

describe(`${RELOADS} reloads in one life`, function () {
  this.timeout(2_400_000);

  it('C5: leave descriptors, processes and threads of the master as they were, and its memory within 10 %', async () => {
    // A program, as most config files are: each reload evaluates it anew, after it was tried in a process of its own.
    // It has the master collect first: what waits for that tells only when V8 last did.
    const config = `
      import { collectGarbage } from '${fixture('apps/collect-garbage.mjs')}';
      export default { app: '${fixture('apps/hello.mjs')}', workers: 1, onReload: () => collectGarbage() };`;
    const server = await startServer({ config });
    const rss: number[] = [];
    const turn = async () => {
      await reload(server);
      rss.push(rssBytes(server.pid));
    };
    for (let count = 0; count < WARM_UP; count += 1) await turn();
    const before = await countsAtRest(server);
    const sinceMs = performance.now();
    for (let count = 0; count < RELOADS; count += 1) await turn();
    const seconds = (performance.now() - sinceMs) / 1_000;
    const after = await countsAtRest(server);
    const [early, late] = [median(rss.slice(WARM_UP, WARM_UP + COMPARED)), median(rss.slice(-COMPARED))];
    console.log(
      `      ${RELOADS} reloads in ${seconds.toFixed(0)} s; master ${inMib(early)} in the first ${COMPARED}, ${inMib(late)} in the last, ` +
        `${inMib(Math.max(...rss))} at most; ${JSON.stringify(after)}`,
    );
    await server.stop();
    expect(after).to.deep.equal(before);
    expect(late / early).to.be.at.most(MOST_GROWTH);
  });
});

describe(`${REQUESTS} requests over ${RELOADS_UNDER_LOAD} reloads`, function () {
  this.timeout(600_000);

  it('M4: are all answered, on old connections and on new ones', async () => {
    const server = await startServer({ app: 'apps/hello.mjs', config: { workers: 2 } });
    const target = { port: server.port };
    const limits = { maxMs: 600_000, sourceAddresses: ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5'] };
    const keepAlive = startLoad({ target, connections: 8, mode: 'keep-alive', pauseMs: 2, ...limits });
    const fresh = startLoad({ target, connections: 4, mode: 'new-connection', pauseMs: 2, ...limits });
    const sent = () => keepAlive.report().ok + fresh.report().ok;
    let reloads = 0;
    for (; reloads < RELOADS_UNDER_LOAD || sent() < REQUESTS; reloads += 1) await reload(server);
    const reports = await Promise.all([keepAlive.stop(), fresh.stop()]);
    await eventually(() => server.workers().length === 2, { timeoutMs: 20_000 });
    await server.stop();
    const [ofKeepAlive, ofFresh] = reports.map(({ ok, durationMs }) => ({ ok, seconds: durationMs / 1_000 }));
    console.log(
      `      ${reloads} reloads, ${ofKeepAlive?.ok} requests on old connections and ${ofFresh?.ok} on new ones, in ${ofFresh?.seconds.toFixed(0)} s`,
    );
    for (const { lost, non2xx } of reports) expect({ lost, non2xx }).to.deep.equal({ lost: [], non2xx: 0 });
    expect(fewestReady(server.log)).to.equal(2);
  });
});
