import { existsSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { targetOf } from '../support/invariants.ts';
import { type Load, startLoad } from '../support/load.ts';
import { scratch } from '../support/scratch.ts';
import { fixture, type Server, startServer } from '../support/server.ts';
import { masterWith, pidIn, tryUpgrade, upgrade } from '../support/upgrade.ts';

const PAUSE_MS = 10;

/** Every kind of client, and none of them ever sends a request twice. */
function startLoads(server: Server): Load[] {
  const tcp = targetOf(server.url);
  const unix = { unixPath: server.unixPath };
  const loads = [
    { target: tcp, connections: 6, mode: 'keep-alive' },
    { target: tcp, connections: 2, mode: 'new-connection' },
    { target: unix, connections: 4, mode: 'keep-alive' },
    { target: unix, connections: 2, mode: 'new-connection' },
  ] as const;
  return loads.map((options) => startLoad({ ...options, pauseMs: PAUSE_MS }));
}

async function expectNothingLost(loads: readonly Load[]): Promise<void> {
  const before = loads.map((load) => load.report().ok);
  await eventually(() => loads.every((load, index) => load.report().ok > (before[index] ?? 0) + 5), {
    until: 'every kind of client is still answered',
  });
  const reports = await Promise.all(loads.map((load) => load.stop()));
  expect(reports.flatMap(({ lost }) => lost)).to.deep.equal([]);
  expect(reports.map(({ non2xx }) => non2xx)).to.deep.equal([0, 0, 0, 0]);
}

describe('an upgrade under load', () => {
  const files = scratch();
  const pidFile = () => files.path('app.pid');
  const configOf = (rest: object = {}) => ({
    ...{ app: fixture('apps/hello.mjs'), workers: 2, bind: ['127.0.0.1:0', `unix:${files.path('app.sock')}`] },
    ...{ pidFile: pidFile(), drainIdleTimeout: 0.5, ...rest },
  });
  const start = () => startServer({ config: configOf() });

  it('M13: forward: nobody is refused, and no request is lost', async () => {
    const server = await start();
    const loads = startLoads(server);
    const next = await upgrade(server);
    expect([pidIn(pidFile()), pidIn(`${pidFile()}.oldbin`)]).to.deep.equal([next.pid, server.pid]);
    server.signal('SIGTERM');
    await server.event('upgrade.finished', ({ pid }) => pid === next.pid);
    expect(existsSync(`${pidFile()}.oldbin`)).to.equal(false);
    expect(existsSync(server.unixPath)).to.equal(true);
    await expectNothingLost(loads);
    await next.end();
    await server.stop();
  });

  it('M13: step by step: WINCH and then TERM to the old master', async () => {
    const server = await start();
    const loads = startLoads(server);
    const next = await upgrade(server);
    server.signal('SIGWINCH');
    await eventually(() => server.workers().length === 0, { timeoutMs: 10_000, until: 'the old workers have left' });
    server.signal('SIGTERM');
    await server.event('upgrade.finished');
    await expectNothingLost(loads);
    await next.end();
    await server.stop();
  });

  it('M13: forward: requests wait when the old master is stopped before the new one is ready', async () => {
    const server = await startServer({ config: configOf({ settleTime: 0.5 }) });
    const loads = startLoads(server);
    const next = masterWith(server, Number((await tryUpgrade(server, 'upgrade.started')).newMasterPid));
    server.signal('SIGTERM');
    await server.event('upgrade.finished', ({ pid }) => pid === next.pid);
    await server.event('server.ready', ({ pid }) => pid === next.pid);
    await expectNothingLost(loads);
    await next.end();
    await server.stop();
  });

  it('M13: back when the new application fails at boot', async () => {
    const server = await start();
    const loads = startLoads(server);
    server.writeConfig(configOf({ app: files.path('faulty.mjs') }));
    writeFileSync(files.path('faulty.mjs'), 'throw new Error("not today");');
    const failed = await tryUpgrade(server, 'upgrade.failed');
    expect(failed).to.include({ code: 3, signal: null });
    expect(pidIn(pidFile())).to.equal(server.pid);
    await expectNothingLost(loads);
    await server.stop({ expectErrors: ['worker.bootFailed', 'server.failed', 'upgrade.failed'] });
  });

  it('M13: back when the new workers die soon after they were ready', async () => {
    const env = { BOOT_FILE: files.path('boot') };
    const app = fixture('apps/boots-as-told.mjs');
    writeFileSync(env.BOOT_FILE, 'well');
    const server = await startServer({ config: configOf({ app, settleTime: 1 }), env });
    const loads = startLoads(server);
    writeFileSync(env.BOOT_FILE, 'exit soon');
    expect(await tryUpgrade(server, 'upgrade.failed')).to.include({ code: 3, signal: null });
    expect(server.stderrText).to.match(
      /tsunicorn: This master gives up, and the one before it serves on\.\n+A worker exited/,
    );
    writeFileSync(env.BOOT_FILE, 'well');
    const next = await upgrade(server);
    server.signal('SIGTERM');
    await server.event('upgrade.finished');
    await expectNothingLost(loads);
    await next.end();
    await server.stop({ expectErrors: ['worker.crashed', 'worker.bootFailed', 'server.failed', 'upgrade.failed'] });
  });

  it('M13: back after WINCH: the old workers return by HUP, and the new master leaves', async () => {
    const server = await start();
    const loads = startLoads(server);
    const next = await upgrade(server);
    server.signal('SIGWINCH');
    await eventually(() => server.workers().length === 0, { timeoutMs: 10_000, until: 'the old workers have left' });
    const after = server.mark();
    server.signal('SIGHUP');
    await server.event('worker.ready', ({ pid }) => pid === server.pid, { after });
    await next.end();
    await server.event('upgrade.ended');
    await expectNothingLost(loads);
    await server.stop();
  });

  it('M13: back after WINCH when the new master just leaves: what comes meanwhile waits', async () => {
    const server = await start();
    const loads = startLoads(server);
    const next = await upgrade(server);
    server.signal('SIGWINCH');
    await eventually(() => server.workers().length === 0, { timeoutMs: 10_000, until: 'the old workers have left' });
    await next.end();
    await server.event('workers.woken');
    await expectNothingLost(loads);
    await server.stop();
  });
});
