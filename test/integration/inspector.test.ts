import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { isAlive, listeningSockets } from '../support/process-tree.ts';
import { startServer } from '../support/server.ts';

const app = 'apps/hello.mjs';
const SIGUSR1_BIT = 1n << 9n;

/** Whether somebody catches SIGUSR1 in this process, Node or we: before, it ends any process. */
function catchesUsr1(pid: number): boolean {
  const [, caught = '0'] = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return (BigInt(`0x${caught}`) & SIGUSR1_BIT) !== 0n;
}

/** Sends SIGUSR1 every few milliseconds, from the first moment that it is no death, until `over`. */
async function pester(pid: number, over: Promise<unknown>): Promise<number> {
  let isOver = false;
  void over.finally(() => {
    isOver = true;
  });
  let sent = 0;
  while (!isOver && isAlive(pid)) {
    if (catchesUsr1(pid)) {
      process.kill(pid, 'SIGUSR1');
      sent += 1;
    }
    await delay(2);
  }
  return sent;
}

describe('SIGUSR1', () => {
  it('M16: at any moment in the life of a worker opens no inspector', async () => {
    const server = await startServer({ app });
    for (let workerId = 2; workerId <= 4; workerId += 1) {
      server.signal('SIGTTIN');
      const isIt = (line: { workerId?: number }) => line.workerId === workerId;
      const { workerPid = 0 } = await server.event('worker.spawned', isIt);
      const ready = server.event('worker.ready', isIt);
      expect(
        await pester(
          workerPid,
          ready.then(() => delay(100)),
        ),
      ).to.be.above(5);
      expect(listeningSockets(workerPid)).to.equal(1);
    }
    expect(server.workers()).to.have.length(4);
    expect(server.stderrText).to.not.include('Debugger listening');
    expect((await fetchText(server.url)).status).to.equal(200);
    await server.stop();
  });

  it('M16: opens none in the process that tries a config file', async () => {
    const config = (text: string) => `${text}; export default {};`;
    const server = await startServer({ app, config: config('') });
    const before = server.workers();
    server.writeConfig(config('await new Promise((resolve) => setTimeout(resolve, 300))'));
    server.signal('SIGHUP');
    const trial = await eventually(() => server.workers().find((pid) => !before.includes(pid)));
    expect(await pester(trial, server.event('reload.finished'))).to.be.above(5);
    expect(server.stderrText).to.not.include('Debugger listening');
    await server.stop();
  });

  it('M16: while the master starts leaves no inspector open', async () => {
    const server = await startServer({ app, waitFor: null });
    const ready = server.event('server.ready');
    expect(await pester(server.pid, ready)).to.be.above(5);
    // Node itself may have opened one before our first line ran, which closes it.
    await eventually(() => listeningSockets(server.pid) === 1);
    expect((await fetchText(server.url)).status).to.equal(200);
    await server.stop();
  });
});
