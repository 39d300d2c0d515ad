import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { connectToEach } from '../support/each-worker.ts';
import { eventually } from '../support/eventually.ts';
import { children, isAlive, rssBytes } from '../support/process-tree.ts';
import { reload } from '../support/reload.ts';
import { type Server, startServer } from '../support/server.ts';
import { expectRecovered, expectToldOnce, standingOf, told } from '../support/standing.ts';

const app = 'apps/faulty.mjs';
const MIB = 1_048_576;
/** What a heap may differ by from one moment to another. */
const NOISE_BYTES = 48 * MIB;

async function say(server: Server, message: object, count = 1): Promise<void> {
  const text = encodeURIComponent(JSON.stringify(message));
  expect((await fetchText(server.url, { path: `/say?count=${count}&text=${text}` })).text).to.equal('said');
}

describe('what a worker sends to the master', () => {
  for (const [what, message, count] of [
    ['what is no message', { type: 'nonsense' }, 50_000],
    ['messages that it knows', { type: 'heartbeat' }, 50_000],
    ['its wish to leave', { type: 'recycle', why: 'maxRequests' }, 50_000],
  ] as const) {
    it(`W16: ${count} times ${what} neither stops the master nor fills its log or memory`, async () => {
      const server = await startServer({ app, flags: ['-w', '2'] });
      const before = standingOf(server);
      const from = server.mark();
      await say(server, message, count);
      await reload(server);
      await expectRecovered(server, before);
      expect((await fetchText(server.url)).status).to.equal(200);
      expect(told(server, 'message.invalid').length).to.be.at.most(1);
      expect(server.log.length - from).to.be.below(30);
      expect(rssBytes(server.pid) - before.masterRssBytes).to.be.below(NOISE_BYTES);
      await server.stop();
    });
  }

  it('W16: a message of 64 MiB is not kept, and told of once', async () => {
    const server = await startServer({ app, flags: ['-w', '2'] });
    const before = standingOf(server);
    const workers = server.workers();
    expect((await fetchText(server.url, { path: '/huge-message?mib=64' })).text).to.equal('sent');
    await server.event('message.invalid');
    expect(server.workers()).to.deep.equal(workers);
    await expectRecovered(server, before);
    expectToldOnce(server, 'message.invalid');
    expect(rssBytes(server.pid) - before.masterRssBytes).to.be.below(NOISE_BYTES);
    await server.stop();
  });

  it('W16: garbage is told of once, and the worker serves on', async () => {
    const server = await startServer({ app, flags: ['-w', '1'] });
    const before = standingOf(server);
    const workers = server.workers();
    for (let sent = 0; sent < 5; sent += 1) {
      expect((await fetchText(server.url, { path: '/garbage' })).text).to.equal('sent');
    }
    await server.event('message.invalid');
    await expectRecovered(server, before);
    expect(server.workers()).to.deep.equal(workers);
    expectToldOnce(server, 'message.invalid');
    await server.stop();
  });

  it('W16: a worker that closed its channel behind our back counts as dead: another one takes its place at once', async () => {
    // No silence is noticed here.
    const config = { workers: 2, timeout: 0, gracefulTimeout: 3 };
    const server = await startServer({ app, config });
    const before = standingOf(server);
    const connections = await connectToEach(server);
    const [cut = 0] = server.workers();
    expect((await connections.get(cut)?.request('/cut-channel'))?.status).to.equal(200);
    const after = server.mark();
    const slow = connections.get(cut)?.request('/slow?ms=1500');
    await server.event('worker.unreachable', ({ workerPid }) => workerPid === cut);
    await server.event('worker.ready', undefined, { after });
    expect(isAlive(cut), 'it may finish its requests').to.equal(true);
    expect((await slow)?.status).to.equal(200);
    await eventually(() => !isAlive(cut), { until: 'it was killed' });
    await expectRecovered(server, before);
    expectToldOnce(server, 'worker.unreachable');
    for (const connection of connections.values()) connection.close();
    await server.stop({ expectErrors: ['worker.unreachable'] });
  });
});

describe('a worker that is not ours any more', () => {
  it('S10: nothing that it says makes the master run, load or kill anything', async () => {
    const server = await startServer({ app, flags: ['-w', '2'] });
    const before = standingOf(server);
    const workers = server.workers();
    const [, sibling = 0] = workers;
    const proof = join(server.dir, 'proof');
    const script = `require('node:fs').writeFileSync(${JSON.stringify(proof)}, '')`;
    const words: readonly object[] = [
      { type: 'boot', workerId: 9, generation: 9, listeners: [], config: { app: proof }, configFile: null, tls: null },
      { type: 'boot', configFile: { path: proof, source: script } },
      { type: 'spawn', script: proof, cwd: '/', env: {}, inheritFds: [0] },
      { type: 'workerExited', workerId: 2, workerPid: sibling, code: 0, signal: null },
      { type: 'configLoaded', loaded: { config: {}, hooks: { onReload: script } } },
      { type: 'signal', name: 'SIGTERM' },
      { type: 'kill', workerId: 2, why: 'deadline' },
      { type: 'drain', workerId: 2, mode: 'quick', killAtMs: 0 },
      { type: 'stopRequested', mode: 'quick' },
      { type: 'reloadRequested' },
      { type: 'fileChanged', path: '/etc/passwd' },
      { type: 'reopenLogs' },
      { cmd: 'NODE_HANDLE', type: 'net.Socket' },
      { cmd: 'NODE_CLUSTER', act: 'exitedAfterDisconnect' },
      { type: 'ready', workerId: 2, pid: 1, __proto__: { type: 'kill' } },
      JSON.parse('{"__proto__":{"type":"ready"},"constructor":{"prototype":{"workers":0}}}'),
      { type: 'recycle', why: script },
      { type: 'bootFailed', code: '__proto__', text: script },
      { type: 'bootFailed', code: 'constructor', text: script },
    ];
    for (const message of words) await say(server, message);
    await server.event('message.invalid');
    expect((await fetchText(server.url)).status).to.equal(200);
    expect(children(server.pid)).to.have.members(workers);
    expect(existsSync(proof)).to.equal(false);
    await reload(server);
    await expectRecovered(server, before);
    const events = server.log.map(({ event }) => event);
    for (const unwanted of ['server.stopping', 'worker.killed', 'worker.crashed', 'watch.changed', 'server.uncaught']) {
      expect(events).to.not.include(unwanted);
    }
    expect(told(server, 'reload.started')).to.have.length(1);
    await server.stop();
  });

  it('S10: what it says of itself ends nobody but itself', async () => {
    const server = await startServer({ app, config: { workers: 2, gracefulTimeout: 2 } });
    const before = standingOf(server);
    const workers = server.workers();
    const words = [
      { type: 'bootFailed', code: 'APP_LOAD', text: 'x'.repeat(3_000) },
      { type: 'refusing' },
      { type: 'leaving' },
    ];
    for (const message of words) await say(server, message);
    await server.event('worker.draining');
    await expectRecovered(server, before);
    const left = server.log.filter(({ event }) => event === 'worker.draining').map(({ workerPid }) => workerPid);
    expect(workers).to.include.members(left);
    expect((await fetchText(server.url)).status).to.equal(200);
    await server.stop({ expectErrors: ['worker.bootFailed', 'worker.killed'] });
  });
});
