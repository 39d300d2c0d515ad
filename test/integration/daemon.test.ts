import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { type CommandOptions, prepareCommand } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import type { LogLine } from '../support/log.ts';
import { disown, own } from '../support/owned.ts';
import { children, isAlive } from '../support/process-tree.ts';
import { scratch } from '../support/scratch.ts';
import { fixture, runServer } from '../support/server.ts';

const app = fixture('apps/hello.mjs');
const HELLO = 'hello from hello.mjs\n';

describe('daemon', () => {
  const files = scratch();
  const log = () => files.path('error.log');
  const events = (): LogLine[] =>
    existsSync(log())
      ? readFileSync(log(), 'utf8')
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line))
      : [];
  const eventOf = (name: string) =>
    eventually(() => events().find(({ event }) => event === name), { timeoutMs: 15_000 });
  const flags = (...more: string[]) => ['-D', '--error-log', log(), ...more];
  const url = () => events().find(({ event }) => event === 'server.listening')?.addresses?.[0] ?? '';

  /** Runs the command until it ends, and takes the server that it names, to be ended with `end`. */
  async function start(options: CommandOptions) {
    const result = await runServer({ app, leaves: 'a daemon', ...options });
    const { stdout, stderr } = result;
    const said = /^tsunicorn runs in the background as process (\d+)\. To stop it: kill -TERM \1\n$/.exec(stdout);
    expect(said, `${stdout}${stderr}`).not.to.equal(null);
    const pid = Number(said?.[1]);
    const end = async () => {
      process.kill(pid, 'SIGTERM');
      await result.ended();
      expect(events().at(-1)?.event).to.equal('server.stopped');
    };
    return { ...result, pid, end };
  }

  it('the command ends when all workers are ready, and says who serves and how to end it', async () => {
    const daemon = await start({ flags: flags('-w', '2', '-p', files.path('server.pid')), cwd: files.path() });
    expect(daemon).to.include({ code: 0, stderr: '' });
    expect(events().some(({ event }) => event === 'server.ready')).to.equal(true);
    expect(events().filter(({ event }) => event === 'worker.ready')).to.have.length(2);
    expect(readFileSync(files.path('server.pid'), 'utf8')).to.equal(`${daemon.pid}\n`);
    expect((await fetchText(url())).text).to.equal(HELLO);
    await daemon.end();
    expect(existsSync(files.path('server.pid'))).to.equal(false);
  });

  it('M13: it can be upgraded, and what takes its place is in the background too', async () => {
    const { pid, ended } = await start({ flags: flags('-p', files.path('server.pid')), cwd: files.path() });
    process.kill(pid, 'SIGUSR2');
    const next = Number((await eventOf('upgrade.ready')).newMasterPid);
    process.kill(pid, 'SIGTERM');
    await eventOf('upgrade.finished');
    expect(readFileSync(files.path('server.pid'), 'utf8')).to.equal(`${next}\n`);
    expect((await fetchText(url())).text).to.equal(HELLO);
    process.kill(next, 'SIGTERM');
    await ended();
    expect(events().at(-1)).to.include({ event: 'server.stopped', pid: next });
    expect(existsSync(files.path('server.pid'))).to.equal(false);
  });

  it('it is in a session of its own, without a terminal, where it was started, and its workers know nothing of it', async () => {
    const identity = fixture('apps/identity.mjs');
    const { pid, end } = await start({ app: identity, flags: flags('-e', 'A=b'), cwd: files.path() });
    const [, , , session] = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /, '')
      .split(' ');
    expect(Number(session)).to.equal(pid);
    for (const fd of [0, 1, 2]) expect(readlinkSync(`/proc/${pid}/fd/${fd}`), `${fd}`).to.equal('/dev/null');
    expect(readlinkSync(`/proc/${pid}/cwd`)).to.equal(files.path('').replace(/\/$/, ''));
    const { env } = JSON.parse((await fetchText(url())).text);
    expect(env.TSUNICORN_DAEMON).to.equal(undefined);
    const [worker = 0] = children(pid);
    expect(readFileSync(`/proc/${worker}/environ`, 'latin1')).not.to.include('TSUNICORN_DAEMON');
    await end();
  });

  it('a start that fails is told by the command, with the exit code, and nothing is left', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const address = taken.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const cases: readonly (readonly [CommandOptions, number, RegExp])[] = [
      [{ app: fixture('broken/throws.mjs'), flags: flags() }, 3, /^tsunicorn: No worker became ready/],
      [{ flags: flags('-b', `127.0.0.1:${port}`) }, 1, /another process already listens there/],
      [{ flags: flags('--chdir', files.path('nowhere')) }, 1, /is no directory/],
      [{ app: fixture('broken/exits.mjs'), flags: flags() }, 3, /ended|exited/],
    ];
    for (const [options, code, sentence] of cases) {
      const result = await runServer({ app, ...options });
      expect(result.code, result.stderr).to.equal(code);
      expect(result.stderr).to.match(sentence);
      expect(result.stdout).to.equal('');
    }
    taken.close();
  });

  it('logs that would go to the terminal are refused', async () => {
    const result = await runServer({ app, flags: ['-D', '--access-log', '-'] });
    expect(result.code).to.equal(1);
    for (const name of ['errorLog', 'accessLog']) {
      expect(result.stderr).to.include(`"daemon" is on (from the flag --daemon), but "${name}" is '-'`);
    }
    const fine = await runServer({ app, flags: flags('--check-config') });
    expect(fine, fine.stderr).to.include({ code: 0 });
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    it(`${signal} to the command that waits ends the server that is not ready yet`, async () => {
      const command = prepareCommand({ app: fixture('broken/hangs.mjs'), flags: flags() });
      const child = spawn(command.node, command.args, { cwd: command.cwd, env: command.env, stdio: 'ignore' });
      const owned = { label: `waiting command ${child.pid}`, destroy: () => void child.kill('SIGKILL') };
      own(owned);
      const exited = new Promise((resolve) => child.once('exit', (code, name) => resolve(name ?? code)));
      try {
        const { pid } = await eventOf('worker.spawned');
        child.kill(signal);
        expect(await exited).to.equal(signal === 'SIGKILL' ? 'SIGKILL' : 130);
        await eventually(() => !isAlive(pid), { timeoutMs: 10_000 });
      } finally {
        owned.destroy();
        disown(owned);
        command.remove();
      }
    });
  }

  it('a server that is killed before it is ready is told', async () => {
    const running = runServer({ app: fixture('broken/hangs.mjs'), flags: flags(), leaves: 'a daemon' });
    const { pid } = await eventOf('worker.spawned');
    process.kill(pid, 'SIGKILL');
    const { code, stderr, ended } = await running;
    await ended();
    expect(code, stderr).to.equal(1);
    expect(stderr).to.match(/^tsunicorn: The server in the background was ended by SIGKILL before it was ready/);
  });

  it('a variable that somebody exported does not keep the server in the foreground', async () => {
    const { end } = await start({ flags: flags(), env: { TSUNICORN_DAEMON: '1' } });
    await end();
  });

  it('it reloads, opens its logs again, and a reload can not switch it', async () => {
    const config = { daemon: true, errorLog: log(), accessLog: files.path('access.log') };
    const path = files.path('tsunicorn.conf.json');
    writeFileSync(path, JSON.stringify(config));
    const { pid, end } = await start({ flags: ['--config', path] });
    process.kill(pid, 'SIGHUP');
    await eventOf('reload.finished');
    expect((await fetchText(url())).text).to.equal(HELLO);
    process.kill(pid, 'SIGUSR1');
    await eventOf('logs.reopened');
    expect(statSync(log()).size).to.be.greaterThan(0);
    writeFileSync(path, JSON.stringify({ ...config, daemon: false }));
    process.kill(pid, 'SIGHUP');
    const { faults = [] } = await eventOf('reload.failed');
    expect(faults.join(' ')).to.match(/"daemon".*restart/);
    await end();
  });
});
