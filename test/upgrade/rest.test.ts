import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { prepareCommand } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { disown, own } from '../support/owned.ts';
import { children, listening } from '../support/process-tree.ts';
import { scratch } from '../support/scratch.ts';
import { type Server, startServer } from '../support/server.ts';

const app = 'apps/hello.mjs';

/** All workers are gone, and a client that connects now waits for the next one. */
async function rest(server: Server): Promise<{ readonly status: Promise<number> }> {
  const after = server.mark();
  server.signal('SIGWINCH');
  await server.event('workers.resting', undefined, { after });
  await eventually(() => server.workers().length === 0, { until: 'all workers have left' });
  expect(listening(server.port)).to.equal(true);
  return { status: fetchText(server.url).then(({ status }) => status) };
}

describe('WINCH', () => {
  const files = scratch();

  it('M14: lets all workers leave and keeps the sockets; each TTIN starts one more', async () => {
    const server = await startServer({ app, flags: ['-w', '3'] });
    const { status } = await rest(server);
    // One after the other: of signals that wait together the kernel does not keep the order.
    for (const signal of ['SIGWINCH', 'SIGTTOU', 'SIGTTIN'] as const) {
      const after = server.mark();
      server.signal(signal);
      await server.event('signal.received', (line) => line.signal === signal, { after });
    }
    expect(await status).to.equal(200);
    expect(server.workers()).to.have.length(1);
    expect(server.log.findLast(({ event }) => event === 'workers.woken')).to.include({ workers: 1 });
    server.signal('SIGTTIN');
    await eventually(() => server.workers().length === 2, { until: 'there are two' });
    await server.stop();
  });

  it('M14: HUP brings as many back as the configuration says', async () => {
    const server = await startServer({ app, config: { workers: 2 } });
    const { status } = await rest(server);
    server.writeConfig({ workers: 3 });
    server.signal('SIGHUP');
    await server.event('reload.finished');
    expect(await status).to.equal(200);
    expect(server.workers()).to.have.length(3);
    await server.stop();
  });

  it('M14: a HUP that is refused brings back what there was', async () => {
    const server = await startServer({ app, config: { workers: 2 } });
    const { status } = await rest(server);
    server.writeConfig({ workres: 3 });
    server.signal('SIGHUP');
    await server.event('reload.failed');
    expect(await status).to.equal(200);
    await eventually(() => server.workers().length === 2, { until: 'both workers are back' });
    await server.stop({ expectErrors: ['reload.failed'] });
  });

  it('M14: a server that rests can be stopped, and WINCH is refused during a reload', async () => {
    const server = await startServer({ app, flags: ['-w', '2'] });
    server.signal('SIGHUP');
    server.signal('SIGWINCH');
    await server.event('workers.restRefused', ({ reason }) => String(reason).startsWith('a reload is under way'));
    await server.event('reload.finished');
    const { status } = await rest(server);
    const ended = status.then(
      () => 'answered',
      () => 'reset',
    );
    await server.stop();
    expect(await ended).to.equal('reset');
  });

  it('M14: is not obeyed on a terminal, which sends it for each change of its size', async () => {
    const log = files.path('log');
    const command = prepareCommand({ app, flags: ['--error-log', log] });
    const words = [command.node, ...command.args].map((word) => `'${word}'`).join(' ');
    const terminal = spawn('script', ['-qec', `exec ${words}`, '/dev/null'], {
      ...{ cwd: command.cwd, env: command.env, stdio: ['ignore', 'ignore', 'ignore'] },
    });
    const owned = { label: 'a terminal', destroy: () => void terminal.kill('SIGKILL') };
    own(owned);
    const text = () => readFileSync(log, 'utf8');
    await eventually(() => text().includes('server.ready'), { timeoutMs: 20_000, until: 'the server is ready' });
    const [master = 0] = children(terminal.pid ?? 0);
    process.kill(master, 'SIGWINCH');
    process.kill(master, 'SIGWINCH');
    await eventually(() => text().includes('signal.ignored'), { until: 'the log says how to do it' });
    process.kill(master, 'SIGTTIN');
    await eventually(() => text().split('worker.ready').length === 3, { until: 'a second worker is ready' });
    process.kill(master, 'SIGTERM');
    await new Promise((resolve) => terminal.once('exit', resolve));
    disown(owned);
    command.remove();
    expect(text()).to.not.include('workers.resting').and.not.include('worker.crashed');
    expect(text().split('signal.ignored')).to.have.length(2);
  });
});
