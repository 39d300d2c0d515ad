import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { createNotifier } from '../../src/master/notifier.ts';
import { createPool, step } from '../../src/master/pool.ts';
import { type NotifyFault, openNotifyChannel } from '../../src/os/notify.ts';
import { fetchText } from '../support/client.ts';
import { type NotifyReceiver, startNotifyReceiver } from '../support/notify-receiver.ts';
import { pendingWithoutPython } from '../support/python.ts';
import { reload } from '../support/reload.ts';
import { scratch } from '../support/scratch.ts';
import { type Server, startServer } from '../support/server.ts';
import { pendingWithoutSystemd } from '../support/systemd.ts';

const app = 'apps/hello.mjs';
/** More than the second that a notice may take of the end, on a busy machine. */
const END_WITHIN_MS = 4_000;

describe('notices to systemd', () => {
  before(function () {
    pendingWithoutSystemd(this);
    pendingWithoutPython(this);
  });
  const files = scratch();
  let manager: NotifyReceiver;

  beforeEach(async () => {
    manager = await startNotifyReceiver(files.path('notify.sock'));
  });
  afterEach(() => manager.close());

  const start = (options: Parameters<typeof startServer>[0] = {}): Promise<Server> =>
    startServer({ app, ...options, env: { NOTIFY_SOCKET: manager.socket, ...options.env } });
  const has =
    (name: string, value = '1') =>
    (fields: Readonly<Record<string, string>>) =>
      fields[name] === value;
  const states = () =>
    manager.notices.flatMap(({ fields }) =>
      ['READY', 'RELOADING', 'STOPPING'].filter((name) => fields[name] !== undefined),
    );
  const statuses = () => manager.notices.flatMap(({ fields }) => fields.STATUS ?? []);

  it('say READY=1 only when all workers are ready, and how many are until then', async () => {
    const gate = files.path('open');
    const config = `
      import { existsSync } from 'node:fs';
      const until = async (there) => { while (!there()) await new Promise((resolve) => setTimeout(resolve, 5)); };
      export default {
        workers: 2,
        postFork: (_server, { id }) => until(() => id === 1 || existsSync(${JSON.stringify(gate)})),
      };`;
    const server = await start({ config, waitFor: 'worker.ready' });
    await manager.notice(has('STATUS', 'Starting: 1 of 2 workers ready'));
    expect(states()).to.deep.equal([]);
    writeFileSync(gate, '');
    const { fields } = await manager.notice(has('READY'));
    expect(fields).to.deep.equal({ READY: '1', STATUS: '2 workers ready' });
    await server.stop();
    await manager.notice(has('STOPPING'));
    expect(states()).to.deep.equal(['READY', 'STOPPING']);
  });

  it('go to an abstract address too', async () => {
    const abstract = await startNotifyReceiver(`@tsunicorn-test-${process.pid}`);
    const server = await start({ env: { NOTIFY_SOCKET: abstract.socket } });
    await abstract.notice(has('READY'));
    await server.stop();
    await abstract.close();
  });

  it('say when a reload begins, by the monotonic clock, and READY=1 at its end', async () => {
    const server = await start({ config: { workers: 2 } });
    await manager.notice(has('READY'));
    const beforeUsec = process.hrtime.bigint() / 1_000n;
    await reload(server);
    const { fields } = await manager.notice(has('RELOADING'));
    const usec = BigInt(fields.MONOTONIC_USEC ?? '');
    expect(usec >= beforeUsec && usec <= process.hrtime.bigint() / 1_000n).to.equal(true);
    await manager.notice(has('READY'), 1 + manager.notices.findIndex((notice) => has('RELOADING')(notice.fields)));
    await server.stop();
    expect(states()).to.deep.equal(['READY', 'RELOADING', 'READY', 'STOPPING']);
    expect(statuses().join()).not.to.contain('failed');
  });

  it('say READY=1 after a reload that is refused, and after one that is aborted, and that it failed', async () => {
    const server = await start({ config: { workers: 2 } });
    await manager.notice(has('READY'));
    const failed = '2 workers ready; the last reload failed, see the log';
    for (const [config, outcome] of [
      [{ workers: 'no' }, 'reload.failed'],
      [{ workers: 2, env: { NODE_OPTIONS: '--no-such-option' } }, 'reload.aborted'],
    ] as const) {
      const after = manager.notices.length;
      server.writeConfig(config);
      await reload(server, outcome);
      await manager.notice((fields) => fields.READY === '1' && fields.STATUS === failed, after);
    }
    server.writeConfig({ workers: 2 });
    await reload(server);
    await manager.notice((fields) => fields.READY === '1' && fields.STATUS === '2 workers ready', 2);
    expect(states().filter((name) => name === 'RELOADING')).to.have.length(3);
    await server.stop({ expectErrors: ['reload.failed', 'reload.aborted', 'worker.bootFailed'] });
  });

  it('keep STATUS true when workers come, leave and die', async () => {
    const server = await start();
    await manager.notice(has('STATUS', '1 worker ready'));
    server.signal('SIGTTIN');
    await manager.notice(has('STATUS', '2 workers ready'));
    server.signal('SIGTTOU');
    const after = manager.notices.length;
    await manager.notice(has('STATUS', '1 worker ready'), after);
    await server.stop();
  });

  it('say WATCHDOG=1 twice within each WATCHDOG_USEC, as long as the arbiter turns', async () => {
    const watchdogMs = 600;
    const config = 'export default { preFork: (_server, { id }) => (id === 2 ? new Promise(() => {}) : undefined) };';
    const server = await start({ config, env: { WATCHDOG_USEC: String(watchdogMs * 1_000) } });
    const count = () => manager.notices.filter(({ fields }) => fields.WATCHDOG === '1').length;
    const beganMs = performance.now();
    const before = count();
    await manager.notice(() => count() >= before + 4);
    expect(performance.now() - beganMs).to.be.within(watchdogMs, 6 * watchdogMs);
    // The hook of the second worker never comes to an end: the event loop turns, the arbiter does not.
    server.signal('SIGTTIN');
    await server.event('workers.changed');
    await delay(watchdogMs);
    const last = count();
    await delay(2 * watchdogMs);
    expect(count()).to.equal(last);
    await server.stop({
      signal: 'SIGKILL',
      expectExit: { code: null, signal: 'SIGKILL' },
      expectErrors: ['server.orphaned'],
    });
  });

  it('are given up on with one line where nobody takes them; the server serves, and stops at once', async () => {
    const server = await start({ env: { NOTIFY_SOCKET: files.path('nobody.sock') } });
    const { reason, advice } = await server.event('notify.failed');
    expect(reason).to.match(/^Failed to notify init system: /);
    expect(advice).to.contain('NotifyAccess=all');
    await reload(server);
    expect((await fetchText(server.url)).status).to.equal(200);
    await server.stop();
    expect(server.log.filter(({ event }) => event === 'notify.failed')).to.have.length(1);
  });

  it('are given up on with one line where there is no systemd-notify', async () => {
    const server = await start({ env: { PATH: files.path() } });
    expect((await server.event('notify.failed')).reason).to.equal('there is no program systemd-notify');
    await reload(server);
    await server.stop();
    expect(server.log.filter(({ event }) => event === 'notify.failed')).to.have.length(1);
  });

  it('pass from master to master in an upgrade: only one speaks for the service, both say that they live', async () => {
    const target = { socket: manager.socket, watchdogMs: 100 };
    const log = { event: () => {} };
    const serving = { ...createPool({ target: 1, jitterSeed: 0 }), announced: true };
    const stopping = step(serving, { type: 'stopRequested', mode: 'stop' }, 0);
    const [old, successor] = [createNotifier(target, { log }), createNotifier(target, { log, role: 'newMaster' })];
    expect(old.environment).to.deep.equal({ NOTIFY_SOCKET: manager.socket, WATCHDOG_USEC: '100000' });
    successor.look(serving, 1_000);
    await manager.notice(has('WATCHDOG'));
    expect(manager.notices.map(({ fields }) => fields)).to.deep.equal([{ WATCHDOG: '1' }]);
    old.handOver(4711);
    old.look(stopping, 1_000);
    await old.close();
    successor.takeOver();
    successor.look(serving, 2_000);
    await manager.notice(has('READY'));
    const told = manager.notices.slice(1).flatMap(({ fields }) => Object.keys(fields));
    expect(told).to.deep.equal(['MAINPID', 'WATCHDOG', 'MAINPID', 'READY', 'STATUS', 'WATCHDOG']);
    await successor.close();
  });

  it('are sent again where a signal to the whole control group has ended the program', async () => {
    const program = files.path('notify');
    const script = `#!/bin/sh\n[ -e "$0.met" ] && exec systemd-notify "$@"\ntouch "$0.met"\nkill -TERM $$\n`;
    writeFileSync(program, script, { mode: 0o755 });
    const faults: NotifyFault[] = [];
    const channel = openNotifyChannel(manager.socket, { program, onFault: (fault) => faults.push(fault) });
    channel.send({ STOPPING: '1' });
    await channel.close();
    await manager.notice(has('STOPPING'));
    expect(faults).to.deep.equal([]);
  });

  it('keep no stop waiting, and leave no process, where the manager hangs', async () => {
    const server = await start();
    await manager.notice(has('READY'));
    manager.freeze();
    const beganMs = performance.now();
    await server.stop();
    expect(performance.now() - beganMs).to.be.below(END_WITHIN_MS);
  });
});
