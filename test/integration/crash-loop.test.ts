import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { scratch } from '../support/scratch.ts';
import { startServer } from '../support/server.ts';

const WORKERS = 4;
/** Two timers of a busy machine. */
const SLACK_MS = 50;

describe('a crash loop', () => {
  const files = scratch();

  it('W9: where every worker dies soon after it was ready, the log has a line a second at most, and tells of those that last', async () => {
    const told = files.path('death');
    writeFileSync(told, '0');
    const config = { workers: WORKERS };
    const server = await startServer({ app: 'apps/dies-as-told.mjs', config, env: { DEATH_FILE: told } });
    writeFileSync(told, '100');
    for (const pid of server.workers()) process.kill(pid, 'SIGKILL');
    expect((await server.event('worker.crashLoop')).code).to.equal(7);
    const began = server.log.findIndex(({ event }) => event === 'worker.crashLoop');
    await server.event('worker.crashLoop', ({ failures }) => Number(failures) >= 4);
    writeFileSync(told, '0');
    const healed = server.mark();
    await eventually(
      () => server.log.slice(healed).filter(({ event }) => event === 'worker.ready').length === WORKERS,
      {
        timeoutMs: 15_000,
        until: 'all workers are told to be ready again',
      },
    );
    const inLoop = server.log.slice(began, healed);
    expect([...new Set(inLoop.map(({ event }) => event))]).to.deep.equal(['worker.crashLoop']);
    const times = inLoop.map(({ time }) => Date.parse(String(time)));
    for (const [index, atMs] of times.slice(1).entries()) {
      expect(atMs - (times[index] ?? 0), `between line ${index} and the next`).to.be.above(1_000 - SLACK_MS);
    }
    expect(inLoop.some(({ count }) => Number(count) > 1)).to.equal(true);
    expect((await fetchText(server.url)).status).to.equal(200);
    await server.stop({ expectErrors: ['worker.crashed', 'worker.crashLoop'] });
  });
});
