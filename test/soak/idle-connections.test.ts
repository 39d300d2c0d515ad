import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { connectToEach } from '../support/each-worker.ts';
import { eventually } from '../support/eventually.ts';
import { disown, own } from '../support/owned.ts';
import { openFds } from '../support/process-tree.ts';
import { type Server, startServer } from '../support/server.ts';
import { median, openGoodClient } from './latency.ts';
import { inMib, workersRssBytes } from './memory.ts';

const HOLDERS = 2;
const EACH = 10_000;
const ROUNDS = 3;
const WINDOWS = 5;
const WARM_UP = 2_000;
/** Twice what was measured. */
const MOST_BYTES_EACH = 16_384;
/** What a heap of two workers may differ by from one moment to another, after it was collected. */
const NOISE_BYTES = 32 * 1_048_576;

describeIdleConnections('fetch', 'apps/fetch/slow-clients.mjs');
describeIdleConnections('node', 'apps/slow-clients.mjs');

/** Holds many idle connections, again and again; `app` is one of the applications `slow-clients.mjs`. */
function describeIdleConnections(name: string, app: string): void {
  describe(`${HOLDERS * EACH} idle connections of the interface ${name}`, function () {
    this.timeout(300_000);

    it('C4: cost little each, slow nobody down, and leave nothing behind', async () => {
      const server = await startServer({ app, config: { workers: 2, keepAlive: 3_600 } });
      const good = await openGoodClient(server.port);
      const visitors = [...(await connectToEach(server)).values()];
      /** Without what waits to be collected, which follows from when V8 last did. */
      const keptBytes = async () => {
        for (const visitor of visitors) await visitor.request('/collect');
        return workersRssBytes(server);
      };
      await closeAll([await hold(server, { count: WARM_UP, address: '127.0.0.2' })]);
      await good.windows(1);
      const quietMs = median(await good.windows(WINDOWS));
      const emptyBytes = await keptBytes();
      const after: number[] = [];
      const full: number[] = [];
      const crowdedMs: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const sinceMs = performance.now();
        const holders = await Promise.all(
          // An address of its own for each: a port that was used is not free again for a minute (TIME_WAIT).
          Array.from({ length: HOLDERS }, (_, index) =>
            hold(server, { count: EACH, address: `127.0.${round + 1}.${index + 1}` }),
          ),
        );
        const openedMs = performance.now() - sinceMs;
        full.push(await keptBytes());
        crowdedMs.push(median(await good.windows(WINDOWS)));
        expect(await closeAll(holders)).to.equal(HOLDERS * EACH);
        await eventually(() => server.workers().every((pid) => openFds(pid).length < 200), { timeoutMs: 20_000 });
        after.push(await keptBytes());
        console.log(
          `      round ${round + 1}: ${HOLDERS * EACH} connections opened in ${(openedMs / 1_000).toFixed(1)} s; workers ` +
            `${inMib(full.at(-1) ?? 0)} with them, ${inMib(after.at(-1) ?? 0)} after; p99 of a good client ${crowdedMs.at(-1)?.toFixed(2)} ms`,
        );
      }
      const bytesEach = (Math.max(...full) - emptyBytes) / (HOLDERS * EACH);
      console.log(
        `      two workers ${inMib(emptyBytes)} before: ${Math.round(bytesEach)} bytes a connection; p99 of a good client ` +
          `${quietMs.toFixed(2)} ms without, ${median(crowdedMs).toFixed(2)} ms with them`,
      );
      good.close();
      for (const visitor of visitors) visitor.close();
      await server.stop();
      expect(bytesEach).to.be.at.most(MOST_BYTES_EACH);
      expect((full.at(-1) ?? 0) - (full[0] ?? 0)).to.be.at.most(NOISE_BYTES);
      expect((after.at(-1) ?? 0) - (after[0] ?? 0)).to.be.at.most(NOISE_BYTES);
      expect(median(crowdedMs)).to.be.at.most(2 * quietMs);
    });
  });
}

/** A process that holds connections; resolves when all are there and answered. */
async function hold(server: Server, options: { count: number; address: string }): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('./hold-connections.mjs', import.meta.url));
  const holder = fork(program, [`${server.port}`, `${options.count}`, options.address], { execArgv: [] });
  const owned = { label: `hold-connections ${holder.pid}`, destroy: () => void holder.kill('SIGKILL') };
  own(owned);
  holder.once('exit', () => disown(owned));
  const ended = once(holder, 'exit').then(([code]) => {
    throw new Error(`the process that holds connections ended with code ${code}; it said why`);
  });
  // Later its end is what is asked of it.
  ended.catch(() => {});
  const [{ held }] = await Promise.race([once(holder, 'message'), ended]);
  expect(held).to.equal(options.count);
  return holder;
}

/** Ends the processes; resolves with how many of their connections were still open. */
async function closeAll(holders: readonly ChildProcess[]): Promise<number> {
  const open = await Promise.all(
    holders.map(async (holder) => {
      const answer = once(holder, 'message');
      const exit = once(holder, 'exit');
      holder.send('close');
      const [{ open }] = await answer;
      await exit;
      return Number(open);
    }),
  );
  return open.reduce((sum, each) => sum + each, 0);
}
