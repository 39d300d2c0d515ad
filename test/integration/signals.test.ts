import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { fetchText, openKeepAlive } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { listening, listeningSockets } from '../support/process-tree.ts';
import { reload } from '../support/reload.ts';
import { type Server, startServer } from '../support/server.ts';

const INSPECTOR_PORT = 9229;
/** A quick stop takes a second; a busy machine may add this. */
const QUICK_STOP_MS = 1_000 + 1_000;
/** Two equal signals within 100 ms are one: npm doubles Ctrl-C. */
const ANOTHER_INTENTION_MS = 150;

async function signalAndWait(server: Server, name: NodeJS.Signals): Promise<void> {
  const after = server.mark();
  server.signal(name);
  await server.event('signal.received', ({ signal }) => signal === name, { after });
}

function targets(server: Server): unknown[] {
  return server.log.filter(({ event }) => event === 'workers.changed').map(({ workers }) => workers);
}

/** A request that stays in flight until it is cut. */
async function startSlowRequest(server: Server): Promise<{ readonly outcome: Promise<string> }> {
  const connection = await openKeepAlive({ port: server.port });
  const outcome = connection.request('/slow?ms=60000').then(
    () => 'answered',
    (error: Error) => error.message,
  );
  await fetchText(server.url);
  return { outcome };
}

describe('signals', () => {
  it('M11: TTIN adds a worker, TTOU lets the oldest leave, never the last, and a reload takes the number of the file', async () => {
    const server = await startServer({ app: 'apps/hello.mjs', config: { workers: 2 } });
    server.signal('SIGTTIN');
    await server.event('worker.ready', ({ workerId }) => workerId === 3);
    for (const oldest of [1, 2]) {
      server.signal('SIGTTOU');
      await server.event('worker.exited', ({ workerId }) => workerId === oldest);
    }
    await signalAndWait(server, 'SIGTTOU');
    await reload(server);
    await server.stop();
    expect(targets(server)).to.deep.equal([3, 2, 1, 2]);
    const retired = server.log.filter(({ event, mode }) => event === 'worker.draining' && mode === 'retire');
    expect(retired.map(({ workerId }) => workerId)).to.deep.equal([1, 2, 3]);
  });

  it('M11: storms of TTIN and TTOU end with the number of workers that the last of them asked for', async () => {
    const server = await startServer({ app: 'apps/hello.mjs', config: { workers: 2 } });
    // The kernel keeps one pending signal of each kind, so that how many arrive is not ours to say.
    for (const name of ['SIGTTIN', 'SIGTTOU'] as const) for (let sent = 0; sent < 50; sent += 1) server.signal(name);
    for (let sent = 0; sent < 50; sent += 1) {
      server.signal('SIGTTIN');
      await signalAndWait(server, 'SIGTTOU');
    }
    const converged = () => server.workers().length === (targets(server).at(-1) ?? 2);
    await eventually(converged, { timeoutMs: 10_000, until: 'there are as many workers as were asked for' });
    for (let sent = 0; sent < 50; sent += 1) await signalAndWait(server, 'SIGTTOU');
    await eventually(() => server.workers().length === 1, { until: 'one worker is left' });
    expect(targets(server).at(-1)).to.equal(1);
    expect((await fetchText(server.url)).status).to.equal(200);
    await reload(server);
    await eventually(() => server.workers().length === 2);
    await server.stop();
  });

  for (const name of ['SIGINT', 'SIGQUIT'] as const) {
    it(`M3: ${name} stops within a second, whatever is in flight`, async () => {
      const server = await startServer({ app: 'apps/hello.mjs', flags: ['-w', '2'] });
      const { outcome } = await startSlowRequest(server);
      const beganMs = performance.now();
      await server.stop({ signal: name });
      expect(performance.now() - beganMs).to.be.below(QUICK_STOP_MS);
      expect(await outcome).to.match(/the connection ended/);
    });
  }

  for (const second of ['SIGTERM', 'SIGINT'] as const) {
    it(`M3: ${second} after TERM hurries the stop`, async () => {
      const server = await startServer({ app: 'apps/hello.mjs', flags: ['-w', '2'] });
      const { outcome } = await startSlowRequest(server);
      await signalAndWait(server, 'SIGTERM');
      await delay(ANOTHER_INTENTION_MS);
      const beganMs = performance.now();
      await server.stop({ signal: second });
      expect(performance.now() - beganMs).to.be.below(QUICK_STOP_MS);
      expect(await outcome).to.match(/the connection ended/);
      expect(server.log.filter(({ event }) => event === 'server.stopHurried')).to.have.length(1);
    });
  }

  it('M3: TERM that comes twice at once, as npm sends it, does not hurry the stop', async () => {
    const server = await startServer({ app: 'apps/hello.mjs' });
    const connection = await openKeepAlive({ port: server.port });
    await connection.request('/');
    const answer = connection.request('/slow?ms=1500');
    await fetchText(server.url);
    for (let sent = 0; sent < 20; sent += 1) server.signal('SIGTERM');
    expect((await answer).status).to.equal(200);
    // stop() would send one more.
    await server.exited;
    await server.stop();
    expect(server.log.some(({ event }) => event === 'server.stopHurried')).to.equal(false);
  });

  it('M15: that are meant for the master neither end a worker nor open an inspector in it', async () => {
    const inspectorBefore = listening(INSPECTOR_PORT);
    const server = await startServer({ app: 'apps/hello.mjs', flags: ['-w', '2'] });
    const workers = server.workers();
    const listeners = workers.map(listeningSockets);
    for (const pid of workers) {
      for (const name of ['SIGHUP', 'SIGINT', 'SIGTTIN', 'SIGTTOU', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const) {
        process.kill(pid, name);
      }
    }
    server.signal('SIGUSR1');
    // By its answers each worker shows that it got past its signals.
    const answered = new Set<string>();
    await eventually(async () => {
      answered.add((await fetchText(server.url, { path: '/pid' })).text);
      return answered.size === workers.length;
    });
    expect([...answered].map(Number)).to.have.members(workers);
    expect(workers.map(listeningSockets)).to.deep.equal(listeners).and.deep.equal([1, 1]);
    expect(listeningSockets(server.pid)).to.equal(1);
    expect(listening(INSPECTOR_PORT)).to.equal(inspectorBefore);
    await server.stop();
    expect(server.stderrText).to.not.include('Debugger');
  });
});
