import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { fewestReady, mostServing } from '../support/pool-history.ts';
import { reload } from '../support/reload.ts';
import { fixture, type Server, startServer } from '../support/server.ts';

const BIND = '127.0.0.1:0';

async function textOf(server: Server, path: string): Promise<string> {
  return (await fetchText(server.url, { path })).text;
}

/** Reloads, and waits until the old workers are gone, so that only new ones can answer. */
async function reloadWholly(server: Server, workers: number): Promise<void> {
  const before = server.workers();
  await reload(server);
  await eventually(() => server.workers().length === workers && !server.workers().some((pid) => before.includes(pid)), {
    until: `there are ${workers} workers, all new`,
  });
}

function eventsOf(server: Server, ...names: string[]): string[] {
  return server.log.map(({ event }) => event).filter((event) => names.includes(event));
}

describe('reload', () => {
  let dir: string;
  let path: (name: string) => string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'tsunicorn-reload-'));
    path = (name) => join(dir, name);
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('shows the first new worker no client until it has lived for settleTime, and then some', async () => {
    writeFileSync(path('version'), 'one');
    const config = {
      bind: BIND,
      app: fixture('apps/hello.mjs'),
      env: { VERSION_FILE: path('version') },
      settleTime: 2,
    };
    const server = await startServer({ config });
    writeFileSync(path('version'), 'two');
    const after = server.mark();
    server.signal('SIGHUP');
    await server.event('worker.ready', undefined, { after });
    const untilMs = performance.now() + 1_000;
    const seen = new Set<string>();
    while (performance.now() < untilMs) seen.add(await textOf(server, '/version'));
    expect([...seen]).to.deep.equal(['one']);
    await eventually(async () => (await textOf(server, '/version')) === 'two');
    expect(eventsOf(server, 'worker.draining')).to.deep.equal([]);
    await server.event('reload.finished');
    await server.stop();
  });

  it('M9: serves new code and applies new values of app, env, workers and accessLogFormat', async () => {
    writeFileSync(path('version'), 'one');
    const config = {
      ...{ bind: BIND, workers: 2, app: fixture('apps/hello.mjs'), env: { VERSION_FILE: path('version') } },
      ...{ accessLog: '-', accessLogFormat: 'old %(U)s' },
    };
    const server = await startServer({ config });
    expect(await textOf(server, '/version')).to.equal('one');
    writeFileSync(path('version'), 'two');
    expect(await textOf(server, '/version')).to.equal('one');
    await reloadWholly(server, 2);
    expect(await textOf(server, '/version')).to.equal('two');

    const changed = { ...config, workers: 3, app: fixture('apps/hello.cjs'), env: { VERSION: 'three' } };
    server.writeConfig({ ...changed, accessLogFormat: 'new %(U)s' });
    await reloadWholly(server, 3);
    expect(await textOf(server, '/version')).to.equal('three');
    expect(await textOf(server, '/')).to.equal('hello from hello.cjs\n');

    server.writeConfig({ ...changed, workers: 1 });
    await reloadWholly(server, 1);
    await server.stop();
    const lines = server.stdoutText.trim().split('\n');
    expect(lines).to.have.members(['old /version', 'old /version', 'old /version', 'new /version', 'new /']);
    const counts = server.log.filter(({ event }) => event === 'workers.changed').map(({ workers }) => workers);
    expect(counts).to.deep.equal([3, 1]);
  });

  for (const maxSurge of [1, 2]) {
    it(`M4: with maxSurge ${maxSurge} has a new worker ready before an old one leaves`, async () => {
      const server = await startServer({ config: { app: fixture('apps/hello.mjs'), workers: 3, maxSurge } });
      await reload(server);
      await server.stop();
      expect(fewestReady(server.log)).to.equal(3);
      expect(mostServing(server.log)).to.equal(3 + maxSurge);
      const order = server.log.filter(({ event }) => event === 'worker.ready' || event === 'worker.draining');
      const roll = order.slice(3, 9).map(({ event, workerId }) => `${event} ${workerId}`);
      expect(roll[0]).to.match(/^worker\.ready [45]$/);
      expect(roll.filter((line) => line.startsWith('worker.draining'))).to.deep.equal(
        [1, 2, 3].map((id) => `worker.draining ${id}`),
      );
    });
  }

  it('M6: changes nothing when the file is faulty, tells every fault, and a later reload works', async () => {
    const good = (rest = '') => `export default { bind: '${BIND}', app: '${fixture('apps/hello.mjs')}', ${rest} };`;
    const faulty: [string, RegExp[]][] = [
      ['export default { workers: ', [/tsunicorn\.conf\.ts/]],
      [good('max_requests: 5'), [/max_requests.*maxRequests/]],
      [good("workers: 'many', timeout: -1"), [/workers/, /timeout/]],
      [`throw new Error('no database'); ${good()}`, [/no database/]],
      [`export default async () => { throw new Error('no secrets'); };`, [/no secrets/]],
      [good("socketMode: '0600'"), [/"socketMode".*restart/]],
    ];
    const server = await startServer({ config: good('workers: 2') });
    const workers = server.workers();
    for (const [text, expected] of faulty) {
      server.writeConfig(text);
      const { faults = [] } = await reload(server, 'reload.failed');
      expect(faults, text).to.have.length(expected.length);
      for (const [index, fault] of expected.entries()) expect(faults[index]).to.match(fault);
      expect(server.workers()).to.deep.equal(workers);
      expect(await textOf(server, '/')).to.equal('hello from hello.mjs\n');
    }
    server.writeConfig(good('workers: 1'));
    await reloadWholly(server, 1);
    await server.stop({ expectErrors: ['reload.failed'] });
    expect(eventsOf(server, 'worker.spawned')).to.have.length(3);
  });

  it('M7: is aborted when the application no longer boots, and the old workers serve on', async () => {
    const config = { bind: BIND, app: fixture('apps/hello.mjs'), workers: 2 };
    const server = await startServer({ config });
    const workers = server.workers();
    const broken: [string, RegExp, bootTimeout?: number][] = [
      ['syntax.mjs', /syntax[._]mjs[\s\S]*SyntaxError/],
      ['throws.mjs', /thrown while the application is loaded/],
      ['exits.mjs', /exited with code 0/],
      ['hangs.mjs', /not ready within 1 s/, 1],
      ['loops.mjs', /not ready within 1 s/, 1],
    ];
    for (const [app, reason, bootTimeout = 60] of broken) {
      server.writeConfig({ ...config, app: fixture(`broken/${app}`), bootTimeout });
      const { faults = [] } = await reload(server, 'reload.aborted');
      expect(faults.join('\n')).to.match(reason);
      await eventually(() => server.workers().length === 2, { until: `the canary with ${app} is gone` });
      expect(server.workers()).to.deep.equal(workers);
      expect(await textOf(server, '/')).to.equal('hello from hello.mjs\n');
    }
    server.writeConfig({ ...config, app: fixture('apps/hello.cjs') });
    await reloadWholly(server, 2);
    expect(await textOf(server, '/')).to.equal('hello from hello.cjs\n');
    await server.stop({ expectErrors: ['reload.aborted', 'worker.bootFailed', 'worker.bootTimeout'] });
    expect(fewestReady(server.log)).to.equal(2);
    expect(mostServing(server.log)).to.equal(3);
  });

  it('M5: 100 times within a second runs at most once at a time, and ends with the newest code', async () => {
    writeFileSync(path('version'), 'old');
    const env = { VERSION_FILE: path('version') };
    const server = await startServer({ app: 'apps/hello.mjs', flags: ['-w', '2'], env });
    for (let sent = 1; sent <= 100; sent += 1) {
      if (sent === 100) writeFileSync(path('version'), 'newest');
      server.signal('SIGHUP');
      await delay(10);
    }
    const newest = async () => server.workers().length === 2 && (await textOf(server, '/version')) === 'newest';
    await eventually(newest, { timeoutMs: 20_000, until: 'only workers with the newest code are left' });
    await server.stop();
    const turns = eventsOf(server, 'reload.started', 'reload.finished');
    expect(turns.length).to.be.at.most(20);
    for (const [index, event] of turns.entries()) {
      expect(event).to.equal(index % 2 === 0 ? 'reload.started' : 'reload.finished');
    }
    const lastHup = server.log.findLastIndex(({ event, signal }) => event === 'signal.received' && signal === 'SIGHUP');
    const after = server.log.slice(lastHup).filter(({ event }) => event === 'reload.started');
    expect(after.length).to.be.at.most(1);
    expect(fewestReady(server.log)).to.equal(2);
    expect(mostServing(server.log)).to.equal(3);
  });

  it('M5: that is asked for during the first boot waits for it', async () => {
    const server = await startServer({ app: 'apps/hello.mjs', flags: ['-w', '2'], waitFor: null });
    await server.event('worker.spawned');
    server.signal('SIGHUP');
    await server.event('reload.finished');
    await server.stop();
    expect(eventsOf(server, 'reload.started', 'reload.finished')).to.have.length(2);
    expect(eventsOf(server, 'worker.ready', 'reload.started')[0]).to.equal('worker.ready');
  });

  it('M10: gives way to TERM at once, and a reload while the server stops is ignored', async () => {
    const server = await startServer({ app: 'apps/gated.mjs', flags: ['-w', '2'] });
    const answer = fetchText(server.url, { path: `/gate?file=${path('open')}` });
    await textOf(server, '/');
    const after = server.mark();
    server.signal('SIGHUP');
    await server.event('worker.spawned', undefined, { after });
    server.signal('SIGTERM');
    await server.event('server.stopping');
    server.signal('SIGHUP');
    await server.event('reload.ignored');
    writeFileSync(path('open'), '');
    expect((await answer).text).to.equal('through the gate\n');
    await server.stop({ timeoutMs: 3_000 });
    expect(eventsOf(server, 'reload.finished')).to.deep.equal([]);
    expect(eventsOf(server, 'worker.spawned')).to.have.length(3);
  });

  it('comes by itself when "reload" is set and a file of the application changes', async () => {
    const app = (text: string) => `export default (_req, res) => res.end('${text}');`;
    writeFileSync(path('app.mjs'), app('before'));
    const server = await startServer({ config: { app: path('app.mjs'), reload: true } });
    expect(await textOf(server, '/')).to.equal('before');
    writeFileSync(path('app.mjs'), app('after'));
    await server.event('watch.changed');
    await server.event('reload.finished');
    await eventually(async () => (await textOf(server, '/')) === 'after', { until: 'the new code answers' });
    await server.stop();
  });
});
