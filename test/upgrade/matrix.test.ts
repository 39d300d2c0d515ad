import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import { fetchText, openKeepAlive } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { targetOf } from '../support/invariants.ts';
import { startLoad } from '../support/load.ts';
import { identify, isAlive, openFds, stillRuns } from '../support/process-tree.ts';
import { scratch } from '../support/scratch.ts';
import { fixture, type Server, startServer } from '../support/server.ts';
import { masterWith, pidIn, tryUpgrade, type UpgradedMaster, upgrade } from '../support/upgrade.ts';

const ANY = '127.0.0.1:0';

describe('an upgrade', () => {
  const files = scratch();
  const pidFile = () => files.path('app.pid');
  const oldbin = () => files.path('app.pid.oldbin');
  const bind = (...more: string[]) => [ANY, `unix:${files.path('app.sock')}`, ...more];
  const config = (rest: object = {}) => ({
    ...{ app: fixture('apps/hello.mjs'), workers: 1, bind: bind(), pidFile: pidFile(), drainIdleTimeout: 0.1 },
    ...rest,
  });
  const start = (rest: object = {}) => startServer({ config: config(rest) });

  async function expectServed(server: Server): Promise<void> {
    const [tcp = '', unix] = server.addresses;
    expect((await fetchText(tcp)).status).to.equal(200);
    if (unix !== undefined) expect((await fetchText({ unixPath: unix.slice('unix:'.length) })).status).to.equal(200);
  }

  /** As if nothing had been. */
  async function expectAsBefore(server: Server, fds: number): Promise<void> {
    expect(pidIn(pidFile())).to.equal(server.pid);
    expect(existsSync(oldbin())).to.equal(false);
    await expectServed(server);
    await eventually(() => openFds(server.pid).length === fds, { until: 'no descriptor is left over' });
  }

  /** The last of the masters goes, and takes all with it. */
  async function endAll(server: Server, last: UpgradedMaster, options: Parameters<Server['stop']>[0] = {}) {
    await last.end();
    await server.stop(options);
    expect([existsSync(pidFile()), existsSync(oldbin()), existsSync(files.path('app.sock'))]).to.deep.equal([
      ...[false, false, false],
    ]);
  }

  describe('that fails', () => {
    const cases: readonly [what: string, faulty: () => object | string, code: number][] = [
      ['has a faulty configuration', () => config({ workres: 2 }), 1],
      ['has no application', () => config({ app: '/nowhere/app.mjs' }), 3],
      [
        'throws in onStarting',
        () => `export default { ...${JSON.stringify(config())}, onStarting() { throw 1; } };`,
        1,
      ],
    ];
    for (const [what, faulty, code] of cases) {
      it(`M13: as the new master ${what}, leaves the old one as it was`, async () => {
        const text = (value: object | string) =>
          typeof value === 'string' ? value : `export default ${JSON.stringify(value)};`;
        const server = await startServer({ config: text(config()) });
        const fds = openFds(server.pid).length;
        server.writeConfig(text(faulty()));
        expect(await tryUpgrade(server, 'upgrade.failed')).to.include({ code, signal: null });
        await expectAsBefore(server, fds);
        server.writeConfig(text(config()));
        const next = await upgrade(server);
        server.signal('SIGTERM');
        await server.event('upgrade.finished');
        await endAll(server, next, { expectErrors: ['upgrade.failed', 'worker.bootFailed', 'server.failed'] });
      });
    }

    it('M13: as its only worker dies soon after it was ready, has shown it to no client', async () => {
      const env = { BOOT_FILE: files.path('boot') };
      writeFileSync(env.BOOT_FILE, 'well');
      const app = fixture('apps/boots-as-told.mjs');
      const server = await startServer({ config: config({ app, settleTime: 1 }), env });
      const fds = openFds(server.pid).length;
      const { text: expectBody } = await fetchText(server.url, { path: '/pid' });
      const target = targetOf(server.url);
      const load = startLoad({ target, connections: 4, mode: 'new-connection', request: { path: '/pid' }, expectBody });
      writeFileSync(env.BOOT_FILE, 'exit soon');
      await tryUpgrade(server, 'upgrade.failed');
      expect((await load.stop()).lost, 'other than answered by the old worker').to.deep.equal([]);
      await expectAsBefore(server, fds);
      await server.stop({ expectErrors: ['upgrade.failed', 'worker.crashed', 'server.failed', 'worker.bootFailed'] });
    });

    it('M13: as the new master can not bind, leaves the old one as it was, and its sockets', async () => {
      const server = await start();
      const stranger = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => stranger.once('listening', resolve));
      const { port } = stranger.address() as AddressInfo;
      const fds = openFds(server.pid).length;
      server.writeConfig(config({ bind: bind(`127.0.0.1:${port}`) }));
      await tryUpgrade(server, 'upgrade.failed');
      stranger.close();
      expect(server.stderrText).to.include(`Cannot listen on 127.0.0.1:${port}: another process already listens there`);
      await expectAsBefore(server, fds);
      await server.stop({ expectErrors: ['upgrade.failed'] });
    });

    it('M13: as the new master hangs, ends it and leaves the old one as it was', async () => {
      const hangs = `export default { ...${JSON.stringify(config({ bootTimeout: 1 }))}, onStarting() { return new Promise(() => {}); } };`;
      const server = await startServer({ config: `export default ${JSON.stringify(config({ bootTimeout: 1 }))};` });
      const fds = openFds(server.pid).length;
      server.writeConfig(hangs);
      const failed = await tryUpgrade(server, 'upgrade.failed');
      expect(failed).to.include({ code: null, signal: 'SIGKILL' });
      expect(isAlive(Number(failed.newMasterPid))).to.equal(false);
      await expectAsBefore(server, fds);
      await server.stop({ expectErrors: ['upgrade.failed', 'upgrade.timeout'] });
    });

    for (const signal of ['SIGTERM', 'SIGQUIT', 'SIGKILL'] as const) {
      it(`M13: as the new master gets ${signal} when it was ready, leaves the old one as it was`, async () => {
        const server = await start();
        const fds = openFds(server.pid).length;
        const next = await upgrade(server);
        await next.end(signal);
        await server.event('upgrade.ended');
        await expectAsBefore(server, fds);
        const expectErrors = signal === 'SIGKILL' ? (['server.orphaned'] as const) : [];
        await eventually(() => server.processes().length === 2, { until: 'its workers are gone' });
        await server.stop({ expectErrors });
      });
    }
  });

  describe('that succeeds', () => {
    for (const signal of ['SIGTERM', 'SIGQUIT', 'SIGKILL'] as const) {
      it(`M13: leaves all to the new master when the old one gets ${signal}`, async () => {
        const server = await start();
        const next = await upgrade(server);
        server.signal(signal);
        await server.event('upgrade.finished', ({ pid }) => pid === next.pid);
        await eventually(() => server.processes().length === 2, {
          until: 'only the new master and its worker are left',
        });
        expect([pidIn(pidFile()), existsSync(oldbin())]).to.deep.equal([next.pid, false]);
        await expectServed(server);
        const killed = { expectErrors: ['server.orphaned'], expectExit: { code: null, signal } } as const;
        await endAll(server, next, signal === 'SIGKILL' ? killed : {});
      });
    }

    it('M13: goes on when the old master is stopped while the new one boots', async () => {
      const server = await start();
      const started = await tryUpgrade(server, 'upgrade.started');
      const next = masterWith(server, Number(started.newMasterPid));
      server.signal('SIGTERM');
      await server.event('server.ready', ({ pid }) => pid === next.pid);
      await server.event('upgrade.finished', ({ pid }) => pid === next.pid);
      await expectServed(server);
      expect(pidIn(pidFile())).to.equal(next.pid);
      await endAll(server, next);
    });

    it('M13: is stopped by Ctrl-C, which reaches both, and nothing is left', async () => {
      for (let turn = 0; turn < 4; turn += 1) {
        const server = await start();
        const next = await upgrade(server);
        next.signal('SIGINT');
        server.signal('SIGINT');
        await eventually(() => !isAlive(next.pid), { until: 'the new master is gone' });
        await server.stop();
        expect(existsSync(files.path('app.sock'))).to.equal(false);
      }
    });

    it('M13: can be upgraded in turn, and no master has more descriptors than the one before', async () => {
      const server = await start();
      const counts: number[] = [];
      let last = masterWith(server, server.pid);
      for (let turn = 0; turn < 4; turn += 1) {
        const next = await upgrade(server, { from: last.pid });
        await last.end();
        await server.event('upgrade.finished', ({ pid }) => pid === next.pid);
        counts.push(openFds(next.pid).filter((link) => link.startsWith('socket:')).length);
        await expectServed(server);
        last = next;
      }
      expect(new Set(counts).size, counts.join(', ')).to.equal(1);
      const [worker = 0] = last.workers();
      const environment = readFileSync(`/proc/${worker}/environ`, 'latin1');
      expect(environment).to.include('STARTED_BY_TEST=').and.not.include('TSUNICORN_LISTENERS');
      await endAll(server, last);
    });

    it('M13: takes a changed bind: what is new is bound, what is gone is closed when the old master leaves', async () => {
      const gone = files.path('gone.sock');
      const added = files.path('added.sock');
      const server = await start({ bind: bind(`unix:${gone}`) });
      server.writeConfig(config({ bind: bind(`unix:${added}`) }));
      const next = await upgrade(server);
      for (const unixPath of [gone, added]) expect((await fetchText({ unixPath })).status, unixPath).to.equal(200);
      server.signal('SIGTERM');
      await server.event('upgrade.finished', ({ pid }) => pid === next.pid);
      expect([existsSync(gone), existsSync(added)]).to.deep.equal([false, true]);
      await endAll(server, next);
      expect(existsSync(added)).to.equal(false);
    });

    it('P2: leaves a socket alone that somebody put in the place of its own', async () => {
      const path = files.path('app.sock');
      const server = await start();
      renameSync(path, files.path('moved'));
      writeFileSync(path, 'mine');
      await server.stop().then(
        () => expect.fail('the harness should complain of what is left'),
        (error: Error) => expect(error.message).to.match(/^it left \S+app\.sock\n/),
      );
      expect(readFileSync(path, 'utf8')).to.equal('mine');
      expect(server.log.filter(({ event }) => event === 'socket.lost')).to.have.length(1);
    });
  });

  describe('is refused', () => {
    const reasons = (server: Server) =>
      server.log.filter(({ event }) => event === 'upgrade.refused').map(({ reason }) => String(reason));

    it('M13, M10: while another one is under way, and so is a reload', async () => {
      const server = await start();
      server.signal('SIGUSR2');
      await server.event('upgrade.started');
      await tryUpgrade(server, 'upgrade.refused');
      const ready = await server.event('upgrade.ready');
      const next = masterWith(server, Number(ready.newMasterPid));
      await tryUpgrade(server, 'upgrade.refused');
      await tryUpgrade(server, 'upgrade.refused', { from: next.pid });
      const [starting, running, tooEarly] = reasons(server);
      expect(starting).to.match(/on its way/);
      expect(running).to.match(/another upgrade runs: stop this one, or that one, first/);
      expect(tooEarly).to.match(/the master before this one \(process \d+\) still runs/);
      server.signal('SIGHUP');
      await server.event('reload.refused', ({ pid }) => pid === server.pid);
      next.signal('SIGHUP');
      await server.event('reload.finished', ({ pid }) => pid === next.pid);
      server.signal('SIGTERM');
      await server.event('upgrade.finished');
      await endAll(server, next);
    });

    it('M10: during a reload and during a stop', async () => {
      const server = await start({ gracefulTimeout: 3, drainIdleTimeout: 1 });
      const after = server.mark();
      server.signal('SIGHUP');
      await server.event('reload.started', undefined, { after });
      await tryUpgrade(server, 'upgrade.refused');
      await server.event('reload.finished');
      const idle = await openKeepAlive({ port: server.port });
      await idle.request('/');
      server.signal('SIGTERM');
      await server.event('server.stopping');
      await tryUpgrade(server, 'upgrade.refused');
      expect(reasons(server)).to.deep.equal([
        'a reload is under way: send USR2 again when it is done',
        'the server is stopping',
      ]);
      await server.stop();
      await idle.closed;
    });

    it('P1: when the other name of the pid file is that of a running server', async () => {
      const server = await start();
      const other = await startServer({ app: 'apps/hello.mjs', flags: ['--pid-file', oldbin()] });
      await tryUpgrade(server, 'upgrade.refused');
      expect(reasons(server)[0]).to.include(`names process ${other.pid}, which runs`);
      expect([pidIn(pidFile()), pidIn(oldbin())]).to.deep.equal([server.pid, other.pid]);
      await other.stop();
      await server.stop();
    });
  });

  it('calls preExec, and one that throws is only logged', async () => {
    const hook = `preExec(server) { server.log.info('now ' + server.pid); throw new Error('no'); }`;
    const server = await startServer({ config: `export default { ...${JSON.stringify(config())}, ${hook} };` });
    const identity = identify(server.pid);
    const next = await upgrade(server);
    expect(identity !== null && stillRuns(identity)).to.equal(true);
    expect(server.log.some(({ msg }) => msg === `now ${server.pid}`)).to.equal(true);
    server.signal('SIGTERM');
    await server.event('upgrade.finished');
    await endAll(server, next, { expectErrors: ['hook.failed'] });
  });
});
