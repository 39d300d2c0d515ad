import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { prepareCommand } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { children, isAlive } from '../support/process-tree.ts';
import { reload } from '../support/reload.ts';
import { scratch } from '../support/scratch.ts';
import { fixture, runServer, startServer } from '../support/server.ts';
import { expectRecovered, standingOf, told } from '../support/standing.ts';
import { startWrapped, unshare, type Wrapped } from '../support/wrapped.ts';

const HELLO = 'hello from hello.mjs\n';
const app = 'apps/hello.mjs';

/** Sends TERM to the master, which is the child of `unshare`, or the wrapped process itself. */
async function stopWrapped(wrapped: Wrapped): Promise<void> {
  const [inner = wrapped.pid] = readComm(wrapped.pid) === 'unshare' ? children(wrapped.pid) : [];
  process.kill(inner, 'SIGTERM');
  expect(await wrapped.ended()).to.deep.equal({ code: 0, signal: null });
}

function readComm(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}

describe('what nobody in the master catches', () => {
  const hooks = {
    'throws from a timer': `whenReady() { setTimeout(() => { throw new Error('late') }, 10); }`,
    'leaves a promise rejected': `whenReady() { void Promise.reject(new Error('late')); }`,
    'throws again and again': `whenReady() { setInterval(() => { throw new Error('late') }, 5); }`,
  };
  for (const [what, hook] of Object.entries(hooks)) {
    it(`M17: a hook that ${what} is logged, and neither the pool nor a reload notices`, async () => {
      const config = `export default { app: '${fixture(app)}', bind: '127.0.0.1:0', workers: 2, ${hook} };`;
      const server = await startServer({ config });
      const before = standingOf(server);
      const { error } = await server.event('server.uncaught');
      expect(JSON.stringify(error)).to.include('late');
      await delay(1_500);
      expect(told(server, 'server.uncaught').length).to.be.at.most(3);
      const [victim = 0] = server.workers();
      process.kill(victim, 'SIGKILL');
      await server.event('worker.crashed');
      await expectRecovered(server, before);
      await reload(server);
      await expectRecovered(server, before);
      expect((await fetchText(server.url)).text).to.equal(HELLO);
      await server.stop({ expectErrors: ['server.uncaught', 'worker.crashed'] });
    });
  }
});

describe('a place that offers little', () => {
  const files = scratch();

  it('M18, W15: as process 1 of a container it serves, stops in order, and takes no harm from orphans that it adopts', async () => {
    const path = files.path('app.sock');
    const wrapped = startWrapped(unshare('--pid', '--mount-proc'), {
      ...{ app: 'apps/faulty.mjs', flags: ['-w', '2', '--bind', `unix:${path}`] },
    });
    const { pid } = await wrapped.log.event('server.ready');
    expect(pid, 'the master is process 1').to.equal(1);
    const master = children(wrapped.pid)[0] ?? 0;
    const before = children(master).length;
    for (let orphan = 0; orphan < 3; orphan += 1) await fetchText({ unixPath: path }, { path: '/daemon' });
    await eventually(() => children(master).length === before + 3, { until: 'process 1 has adopted the orphans' });
    const orphans = children(master).filter((child) => readComm(child) === 'sleep');
    expect(orphans).to.have.length(3);
    for (const orphan of orphans) process.kill(orphan, 'SIGKILL');
    await eventually(() => orphans.every((orphan) => !isAlive(orphan)));
    process.kill(master, 'SIGHUP');
    await wrapped.log.event('reload.finished');
    expect((await fetchText({ unixPath: path })).status).to.equal(200);
    await stopWrapped(wrapped);
    expect(existsSync(path)).to.equal(false);
  });

  it('M18: with a root that is read-only it serves', async () => {
    const wrapped = startWrapped([...unshare('--mount'), 'sh', '-c', 'mount -o remount,bind,ro / && exec "$@"', 'sh'], {
      ...{ app, cwd: '/', flags: ['-w', '2', '--bind', '127.0.0.1:0'] },
      app: fixture(app),
    });
    const { addresses = [] } = await wrapped.log.event('server.listening');
    await wrapped.log.event('server.ready');
    expect((await fetchText(addresses[0] ?? '')).text).to.equal(HELLO);
    await stopWrapped(wrapped);
  });

  it('M18: without HOME, PATH, TMPDIR and USER, and with HOME where nothing is, it serves', async () => {
    const nothing = { HOME: undefined, PATH: undefined, TMPDIR: undefined, USER: undefined, LANG: undefined };
    for (const env of [nothing, { HOME: '/nonexistent' }]) {
      const server = await startServer({ app, env, flags: ['-w', '2'] });
      const before = standingOf(server);
      await reload(server);
      await expectRecovered(server, before);
      expect((await fetchText(server.url)).text).to.equal(HELLO);
      await server.stop();
    }
  });

  it('M18: with standard input, output and error closed it serves, and its descriptors are not taken for them', async () => {
    const [path, log] = [files.path('app.sock'), files.path('error.log')];
    const wrapped = startWrapped(['sh', '-c', 'exec "$@" <&- >&- 2>&-', 'sh'], {
      ...{ app, flags: ['-w', '2', '--bind', `unix:${path}`, '--error-log', log] },
    });
    await eventually(async () => (await fetchText({ unixPath: path })).text === HELLO, { timeoutMs: 15_000 });
    await eventually(() => readFileSync(log, 'utf8').includes('server.ready'));
    process.kill(wrapped.pid, 'SIGHUP');
    await eventually(() => readFileSync(log, 'utf8').includes('reload.finished'), { timeoutMs: 15_000 });
    expect((await fetchText({ unixPath: path })).text).to.equal(HELLO);
    await stopWrapped(wrapped);
    for (const line of readFileSync(log, 'utf8').trimEnd().split('\n'))
      expect(JSON.parse(line)).to.have.property('event');
    expect(existsSync(path)).to.equal(false);
  });

  it('C2: without a network, and so without names, it binds by address, and says so of a name', async () => {
    const path = files.path('app.sock');
    const wrapped = startWrapped(unshare('--net'), { app, flags: ['--bind', '0.0.0.0:0', '--bind', `unix:${path}`] });
    await wrapped.log.event('server.ready');
    expect((await fetchText({ unixPath: path })).text).to.equal(HELLO);
    await stopWrapped(wrapped);
    const named = startWrapped(unshare('--net'), { app, flags: ['--bind', 'a-name.invalid:0'] });
    expect((await named.ended()).code).to.equal(1);
    expect(named.log.text).to.match(/Cannot listen on a-name\.invalid:0: The name does not resolve/);
  });
});

describe('an address', () => {
  const files = scratch();

  it('P3: whose last connections are in TIME_WAIT can be bound again at once', async () => {
    const first = await startServer({ app });
    const { port } = first;
    for (let asked = 0; asked < 20; asked += 1) await fetchText(first.url);
    await first.stop();
    const waiting = readFileSync('/proc/net/tcp', 'latin1').split('\n');
    const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    const TIME_WAIT = '06';
    expect(waiting.some((row) => row.trim().split(/\s+/)[3] === TIME_WAIT && row.includes(suffix))).to.equal(true);
    const second = await startServer({ app, flags: ['--bind', `127.0.0.1:${port}`] });
    expect((await fetchText(second.url)).text).to.equal(HELLO);
    await second.stop();
  });

  it('P3: that is privileged, taken, or of a family that is switched off is refused with a sentence and exit code 1', async () => {
    const command = prepareCommand({});
    command.remove();
    const lowest = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
    if (lowest > 80) {
      const privileged = await runServer({
        ...{ app: fixture(app), bin: fixture('programs/as-nobody.mjs'), cwd: '/', flags: ['--bind', '127.0.0.1:80'] },
        env: { SERVER_BIN: command.args[0] },
      });
      expect(privileged.code).to.equal(1);
      expect(privileged.stderr).to.match(/Cannot listen on 127\.0\.0\.1:80: permission denied\. Ports below 1024/);
    }
    const off = 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 && exec "$@"';
    const noIpv6 = startWrapped([...unshare('--net'), 'sh', '-c', off, 'sh'], { app, flags: ['--bind', '[::1]:0'] });
    expect((await noIpv6.ended()).code).to.equal(1);
    expect(noIpv6.log.text).to.match(/Cannot listen on \[::1\]:0: .*\./);
  });

  it('M20: two servers on one port, pid file or unix socket: the second says so, and touches nothing', async () => {
    const [pidFile, path] = [files.path('server.pid'), files.path('app.sock')];
    const first = await startServer({
      ...{ app, flags: ['-w', '2', '--bind', '127.0.0.1:0', '--bind', `unix:${path}`, '--pid-file', pidFile] },
    });
    const before = standingOf(first);
    const names = readdirSync(files.path());
    const inodes = names.map((name) => lstatSync(files.path(name)).ino);
    const attempts: Readonly<Record<string, readonly string[]>> = {
      'another process already listens there': ['--bind', `127.0.0.1:${first.port}`],
      'already listens there. ': ['--bind', `unix:${path}`],
      'A server runs already': ['--pid-file', pidFile],
      'A server runs': ['--bind', `127.0.0.1:${first.port}`, '--bind', `unix:${path}`, '--pid-file', pidFile],
    };
    for (const [words, flags] of Object.entries(attempts)) {
      const { code, stderr, log } = await runServer({ app, flags });
      expect(code, words).to.equal(1);
      expect(stderr).to.include(words);
      expect(log.map(({ event }) => event)).to.not.include('worker.spawned');
    }
    expect(readdirSync(files.path())).to.deep.equal(names);
    expect(names.map((name) => lstatSync(files.path(name)).ino)).to.deep.equal(inodes);
    expect(readFileSync(pidFile, 'utf8')).to.equal(`${first.pid}\n`);
    expect((await fetchText(first.url)).text).to.equal(HELLO);
    expect((await fetchText({ unixPath: path })).text).to.equal(HELLO);
    await expectRecovered(first, before);
    await first.stop();
  });

  it('M20: is free for the next server as soon as the first has stopped', async () => {
    const first = await startServer({ app });
    const { port } = first;
    await first.stop();
    expect(spawnSync('ss', ['-Hltn', `sport = :${port}`]).stdout?.toString() ?? '').to.equal('');
    const second = await startServer({ app, flags: ['--bind', `127.0.0.1:${port}`] });
    await second.stop();
  });
});
