import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { targetOf } from '../support/invariants.ts';
import { type Load, startLoad } from '../support/load.ts';
import { isAlive, openFds } from '../support/process-tree.ts';
import { scratch } from '../support/scratch.ts';
import { type Server, startServer } from '../support/server.ts';
import { pidIn, tryUpgrade, upgrade } from '../support/upgrade.ts';

const PAUSE_MS = 10;

function startLoads(server: Server): Load[] {
  const [tcp = ''] = server.addresses;
  const loads = [
    { target: targetOf(tcp), connections: 6, mode: 'keep-alive' },
    { target: targetOf(tcp), connections: 2, mode: 'new-connection' },
    { target: { unixPath: server.unixPath }, connections: 4, mode: 'keep-alive' },
    { target: { unixPath: server.unixPath }, connections: 2, mode: 'new-connection' },
  ] as const;
  return loads.map((options) => startLoad({ ...options, pauseMs: PAUSE_MS }));
}

async function expectNothingLost(loads: readonly Load[], atLeast = 20): Promise<void> {
  const reports = await Promise.all(loads.map((load) => load.stop()));
  expect(reports.flatMap(({ lost }) => lost)).to.deep.equal([]);
  expect(reports.map(({ non2xx }) => non2xx)).to.deep.equal([0, 0, 0, 0]);
  for (const { ok } of reports) expect(ok).to.be.at.least(atLeast);
}

describe('an upgrade under load', () => {
  const files = scratch();
  const start = (rest: object = {}) =>
    startServer({
      app: 'apps/hello.mjs',
      config: {
        ...{ workers: 2, bind: ['127.0.0.1:0', `unix:${files.path('app.sock')}`], pidFile: files.path('app.pid') },
        ...{ drainIdleTimeout: 0.5, ...rest },
      },
    });

  it('M13: forward: nobody is refused, and no request is lost', async () => {
    const server = await start();
    const loads = startLoads(server);
    const next = await upgrade(server);
    expect([pidIn(files.path('app.pid')), pidIn(files.path('app.pid.oldbin'))]).to.deep.equal([next.pid, server.pid]);
    server.signal('SIGTERM');
    await server.event('upgrade.finished', ({ pid }) => pid === next.pid);
    expect(existsSync(files.path('app.pid.oldbin'))).to.equal(false);
    expect(existsSync(server.unixPath)).to.equal(true);
    await expectNothingLost(loads);
    await next.end();
    await server.stop();
  });
});
