import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { targetOf } from '../support/invariants.ts';
import { type Load, type LoadReport, startLoad } from '../support/load.ts';
import { fewestReady, mostServing } from '../support/pool-history.ts';
import { reload } from '../support/reload.ts';
import { type Server, startServer } from '../support/server.ts';

const RELOADS = 40;
const RELOAD_EVERY_MS = 500;
/** Between an answer and the next request: the clients share the machine with the server. */
const PAUSE_MS = 20;
const WORKERS = 2;
const SURGE = 2;
const KINDS = ['keepAlive', 'newConnections', 'posts', 'unixSocket'] as const;

type Kind = (typeof KINDS)[number];

/** Every kind of client at once; none of them ever sends a request twice. */
function startLoads(server: Server): Record<Kind, Load> {
  const [first = '', second = ''] = server.addresses;
  const body = Buffer.alloc(16 * 1024, 'sixteen KiB of these ');
  const post = { path: '/echo', body };
  return {
    keepAlive: startLoad({ target: targetOf(first), connections: 16, mode: 'keep-alive', pauseMs: PAUSE_MS }),
    newConnections: startLoad({ target: targetOf(first), connections: 4, mode: 'new-connection', pauseMs: PAUSE_MS }),
    posts: startLoad({
      ...{ target: targetOf(second), connections: 4, mode: 'keep-alive', pauseMs: PAUSE_MS },
      ...{ request: post, expectBody: body },
    }),
    unixSocket: startLoad({
      ...{ target: { unixPath: server.unixPath }, connections: 4, mode: 'keep-alive', pauseMs: PAUSE_MS },
    }),
  };
}

async function stopLoads(loads: Record<Kind, Load>): Promise<Record<Kind, LoadReport>> {
  const reports = await Promise.all(KINDS.map(async (kind) => [kind, await loads[kind].stop()] as const));
  return Object.fromEntries(reports) as Record<Kind, LoadReport>;
}

describe('reload under load', () => {
  let sockets: string;

  beforeEach(() => {
    sockets = mkdtempSync(join(tmpdir(), 'tsunicorn-sockets-'));
  });
  afterEach(() => rmSync(sockets, { recursive: true }));

  const start = (config: object) => {
    const bind = ['127.0.0.1:0', '127.0.0.1:0', `unix:${join(sockets, 'app.sock')}`];
    return startServer({ app: 'apps/hello.mjs', config: { workers: WORKERS, maxSurge: SURGE, bind, ...config } });
  };

  it(`M4: ${RELOADS} reloads lose no request of any kind of client`, async function () {
    this.timeout(120_000);
    const server = await start({});
    const firstWorkers = server.workers();
    const loads = startLoads(server);
    for (let turn = 0; turn < RELOADS; turn += 1) await Promise.all([reload(server), delay(RELOAD_EVERY_MS)]);
    const reports = await stopLoads(loads);
    await eventually(() => server.workers().length === WORKERS, { until: 'only the last generation is left' });
    const lastWorkers = server.workers();
    await server.stop();

    for (const kind of KINDS) {
      const { ok, non2xx, lost } = reports[kind];
      expect(lost, `lost by ${kind}`).to.deep.equal([]);
      expect(non2xx, `non-2xx of ${kind}`).to.equal(0);
      expect(ok, `answers of ${kind}`).to.be.at.least(500);
    }
    const finished = server.log.filter(({ event }) => event === 'reload.finished');
    expect(finished.map(({ generation }) => generation)).to.deep.equal(
      Array.from({ length: RELOADS }, (_, i) => i + 2),
    );
    expect(lastWorkers).to.not.include.members(firstWorkers);
    expect(fewestReady(server.log)).to.equal(WORKERS);
    expect(mostServing(server.log)).to.be.at.most(WORKERS + SURGE);
  });

  it('the same clients notice a drain that closes idle connections at once', async () => {
    const server = await start({ drainIdleTimeout: 0 });
    const loads = startLoads(server);
    const lostSoFar = () => KINDS.reduce((sum, kind) => sum + loads[kind].report().lost.length, 0);
    for (let turn = 0; turn < 8 && lostSoFar() === 0; turn += 1) await reload(server);
    await stopLoads(loads);
    await server.stop();
    expect(lostSoFar()).to.be.above(0);
  });
});
