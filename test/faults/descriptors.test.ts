import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { prepareCommand } from '../support/command.ts';
import { connectToEach } from '../support/each-worker.ts';
import { startLoad } from '../support/load.ts';
import { cpuSeconds, openFds } from '../support/process-tree.ts';
import { reload } from '../support/reload.ts';
import { scratch } from '../support/scratch.ts';
import { fixture, type Server, startServer } from '../support/server.ts';
import { expectRecovered, expectToldOnce, readyWorkers, type Standing, standingOf, told } from '../support/standing.ts';

const FEW_DESCRIPTORS = 64;
const LEAST_FREE = 8;
const REFUSED_FOR_MS = 4_000;

/** Sets a limit of a process that runs, `soft:hard` or `soft:`; whoever it starts has the same. prlimit(1) of util-linux. */
function limit(pid: number, what: 'nofile' | 'nproc', most: string): void {
  // Without CAP_SYS_RESOURCE only whoever owns the process may.
  const { uid, gid } = statSync(`/proc/${pid}`);
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), `--${what}=${most}`], { uid, gid });
  if (status !== 0) throw new Error(`prlimit: ${stderr}`);
}

/** From proc_pid_limits(5). */
function softLimit(pid: number, what: 'nofile' | 'nproc'): string {
  const name = { nofile: 'Max open files', nproc: 'Max processes' }[what];
  return new RegExp(`^${name} +(\\S+)`, 'm').exec(readFileSync(`/proc/${pid}/limits`, 'latin1'))?.[1] ?? 'unlimited';
}

/** A server whose workers may have few descriptors: those of a reload, since a worker keeps the limit that it was started with. */
async function startWithFew(workers: number): Promise<{ server: Server; before: Standing }> {
  const server = await startServer({ app: 'apps/faulty.mjs', flags: ['-w', String(workers)] });
  const before = standingOf(server);
  // Node raises the soft limit to the hard one when it starts.
  limit(server.pid, 'nofile', `${FEW_DESCRIPTORS}:${FEW_DESCRIPTORS}`);
  await reload(server);
  await expectRecovered(server, before);
  return { server, before };
}

describe('a worker that runs out of descriptors', () => {
  it('W12: stops accepting before it has none, is replaced, and nobody else is reset', async () => {
    const { server, before } = await startWithFew(2);
    const connections = await connectToEach(server);
    const [leaking = 0, other = 0] = server.workers();
    // Before others come: from the next connection on the worker is at its mark.
    const count = FEW_DESCRIPTORS - LEAST_FREE - openFds(leaking).length;
    const load = startLoad({ target: { port: server.port }, connections: 4, mode: 'new-connection', pauseMs: 2 });
    const leak = await connections.get(leaking)?.request(`/leak?count=${count}`);
    expect(leak?.body).to.equal(`${count} kept`);
    await server.event('worker.recycling', ({ workerPid, why }) => workerPid === leaking && why === 'descriptors');
    for (const connection of connections.values()) connection.close();
    await server.event('worker.exited', ({ workerPid }) => workerPid === leaking);
    await delay(500);
    const { lost, non2xx, ok } = await load.stop();
    await expectRecovered(server, before);
    expect({ lost, non2xx }).to.deep.equal({ lost: [], non2xx: 0 });
    expect(ok).to.be.above(100);
    expect(server.workers()).to.include(other);
    expectToldOnce(server, 'worker.recycling');
    const { pid, highest, limit: most } = expectToldOnce(server, 'worker.descriptors');
    expect([pid, most]).to.deep.equal([leaking, FEW_DESCRIPTORS]);
    expect(highest).to.be.within(FEW_DESCRIPTORS - LEAST_FREE, FEW_DESCRIPTORS - 1);
    await server.stop({ expectErrors: ['worker.descriptors'] });
  });

  it('W12: a leak of one descriptor for each request, until there are none, costs no request', async () => {
    const { server, before } = await startWithFew(2);
    const load = startLoad({
      ...{ target: { port: server.port }, connections: 4, mode: 'new-connection', pauseMs: 2 },
      request: { path: '/leak?count=1' },
    });
    const { pid: leaking } = await server.event('worker.descriptors', undefined, { timeoutMs: 20_000 });
    await server.event('worker.exited', ({ workerPid }) => workerPid === leaking, { timeoutMs: 20_000 });
    const { lost, non2xx } = await load.stop();
    await expectRecovered(server, before, 20_000);
    expect({ lost, non2xx }).to.deep.equal({ lost: [], non2xx: 0 });
    expect(told(server, 'worker.crashed')).to.deep.equal([]);
    await server.stop({ expectErrors: ['worker.descriptors'] });
  });
});

describe('a master that may start no process', () => {
  for (const what of ['nofile', 'nproc'] as const) {
    const why = { nofile: 'opens no more files (EMFILE)', nproc: 'is given no more processes (EAGAIN)' }[what];
    it(`W13: a master that ${why} logs it, backs off, and goes on when it can`, async () => {
      const command = prepareCommand({});
      command.remove();
      const server = await startServer({
        ...{ app: fixture('apps/hello.mjs'), bin: fixture('programs/as-nobody.mjs'), cwd: '/' },
        ...{ env: { SERVER_BIN: command.args[0] }, flags: ['-w', '3'] },
      });
      const before = standingOf(server);
      const [victim = 0, ...others] = server.workers();
      const allowed = softLimit(server.pid, what);
      limit(server.pid, what, `${what === 'nofile' ? openFds(server.pid).length : 1}:`);
      const from = server.mark();
      process.kill(victim, 'SIGKILL');
      await server.event('worker.spawnFailed');
      const cpuBefore = cpuSeconds(server.pid);
      await delay(REFUSED_FOR_MS);
      expect((cpuSeconds(server.pid) - cpuBefore) / (REFUSED_FOR_MS / 1_000)).to.be.below(0.1);
      expect(server.workers()).to.deep.equal(others);
      expect((await fetchText(server.url)).status).to.equal(200);
      const attempts = told(server, 'worker.spawnFailed');
      expect(attempts.length + told(server, 'worker.crashLoop').length).to.be.within(2, 6);
      expect(server.log.length - from).to.be.below(25);
      expect(JSON.stringify(attempts[0]?.error)).to.match(what === 'nofile' ? /no more files|EMFILE/ : /EAGAIN/);
      limit(server.pid, what, `${allowed}:`);
      await expectRecovered(server, before, 15_000);
      expect(readyWorkers(server)).to.equal(3);
      await server.stop({ expectErrors: ['worker.crashed', 'worker.spawnFailed', 'worker.crashLoop'] });
    });
  }
});

describe('a disk that takes nothing', () => {
  const files = scratch();

  it('P4: a server whose temporary directory can not be written beats, reloads and serves', async () => {
    const locked = files.path('locked');
    mkdirSync(locked);
    chmodSync(locked, 0o555);
    const command = prepareCommand({});
    command.remove();
    for (const dir of [locked, files.path('missing'), '/dev/full']) {
      const server = await startServer({
        ...{ app: fixture('apps/hello.mjs'), bin: fixture('programs/as-nobody.mjs'), cwd: '/' },
        env: { SERVER_BIN: command.args[0], TMPDIR: dir },
        flags: ['-w', '2', '--timeout', '1'],
      });
      const before = standingOf(server);
      await delay(1_500);
      await reload(server);
      await expectRecovered(server, before);
      expect(told(server, 'worker.timeout')).to.deep.equal([]);
      expect((await fetchText(server.url)).status).to.equal(200);
      await server.stop();
    }
    expect(tmpdir()).to.not.equal(locked);
  });
});
