import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { hookTable } from '../../src/config/hooks.ts';
import { fetchText } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { scratch } from '../support/scratch.ts';
import { fixture, type RunResult, runServer, startServer } from '../support/server.ts';

const app = 'apps/hello.mjs';

interface Call {
  readonly hook: string;
  readonly pid: number;
  readonly [fact: string]: unknown;
}

function expectRefused(result: RunResult, words: RegExp): void {
  expect(result.code).to.equal(1);
  expect(result.stderr).to.match(words);
  expect(result.log.map(({ event }) => event)).not.to.include('worker.spawned');
}

describe('hooks', () => {
  const files = scratch();

  it('are all called, in the right process, with what they are promised', async () => {
    const file = files.path('calls');
    const calls = (): Call[] => (existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').map(parse) : []);
    const named = (hook: string) => calls().filter((call) => call.hook === hook);
    const config = (rest: string) =>
      `import { hooks } from ${JSON.stringify(fixture('programs/every-hook.ts'))};\n` +
      `export default { procName: 'hooked', timeout: 1, ...hooks, ${rest} };`;
    const server = await startServer({ app, config: config('workers: 1'), env: { HOOKS_FILE: file } });
    const [pid = 0] = server.workers();
    const master = { pid: server.pid, addresses: server.addresses, workers: 1, procName: 'hooked', logs: true };
    const worker = { id: 1, pid, generation: 1, logs: true };
    await eventually(() => named('whenReady').length === 1);
    expect(calls().map(({ hook }) => hook)).to.deep.equal([
      'onStarting',
      'preFork',
      'postFork',
      'postWorkerInit',
      'workerReady',
      'whenReady',
    ]);
    const asked = { ...master, addresses: ['127.0.0.1:0'] };
    expect(calls().slice(0, 3)).to.deep.equal([
      { hook: 'onStarting', pid: server.pid, server: asked },
      { hook: 'preFork', pid: server.pid, server: master, worker: { ...worker, pid: 0 } },
      { hook: 'postFork', pid, server: master, worker },
    ]);
    expect(calls().slice(3)).to.deep.equal([
      { hook: 'postWorkerInit', pid, worker },
      { hook: 'workerReady', pid: server.pid, server: master, worker },
      { hook: 'whenReady', pid: server.pid, server: master },
    ]);

    await fetchText(server.url, { path: '/nowhere?x=1' });
    await eventually(() => named('postRequest').length === 1);
    expect(named('preRequest')).to.deep.equal([{ hook: 'preRequest', pid, worker, url: '/nowhere?x=1' }]);
    expect(named('postRequest')).to.deep.equal([
      { hook: 'postRequest', pid, worker, url: '/nowhere?x=1', status: 404 },
    ]);

    // The loop is free again before SIGKILL is due, so that the worker's own hook gets its word.
    await fetchText(server.url, { path: '/block?ms=1300' }).catch(() => {});
    await eventually(() => named('childExit').length === 1);
    const evidence = Object(named('workerTimeout')[0]?.evidence);
    expect(named('workerTimeout')).to.deep.equal([
      { hook: 'workerTimeout', pid: server.pid, server: master, worker, evidence },
    ]);
    expect(evidence.silentMs).to.be.within(1_000, 2_000);
    expect(evidence.stack.join('\n')).to.match(/blockEventLoop \(.*routes\.cjs:\d+:\d+\)/);
    expect(evidence.requests.map(({ target }: { target: string }) => target)).to.deep.equal(['/block?ms=1300']);
    expect(evidence).to.include({ state: 'running', noStack: null, requestsInFlight: 1 });
    expect(named('workerAbort')).to.deep.equal([{ hook: 'workerAbort', pid, worker }]);
    expect(named('workerExit')).to.deep.equal([{ hook: 'workerExit', pid, server: master, worker }]);
    expect(named('childExit')).to.deep.equal([{ hook: 'childExit', pid: server.pid, server: master, worker }]);

    await server.event('worker.ready', ({ workerId }) => workerId === 2);
    server.signal('SIGTTIN');
    await server.event('worker.ready', ({ workerId }) => workerId === 3);
    const two = { ...master, workers: 2 };
    expect(named('nworkersChanged')).to.deep.equal([
      { hook: 'nworkersChanged', pid: server.pid, server: two, newValue: 2, oldValue: 1 },
    ]);

    server.writeConfig(config('workers: "two"'));
    server.signal('SIGHUP');
    const { faults } = await server.event('reload.failed');
    await eventually(() => named('onReloadFailed').length === 1);
    expect(named('onReloadFailed')).to.deep.equal([{ hook: 'onReloadFailed', pid: server.pid, server: two, faults }]);
    expect(named('onReload')).to.deep.equal([]);
    server.writeConfig(config('workers: 2'));
    server.signal('SIGHUP');
    await server.event('reload.finished');
    expect(named('onReload')).to.deep.equal([{ hook: 'onReload', pid: server.pid, server: two }]);

    await server.stop({ signal: 'SIGQUIT', expectErrors: ['worker.timeout', 'reload.failed'] });
    const last = calls().at(-1);
    expect(last).to.deep.equal({ hook: 'onExit', pid: server.pid, server: two });
    expect(named('workerInt').map(({ worker: who }) => Object(who).generation)).to.deep.equal([2, 2]);
    for (const { pid: where, worker: who } of named('workerInt')) expect(where).to.equal(Object(who).pid);
    // Two have tests of their own: without TLS, and without an upgrade, nobody calls them.
    const names = hookTable.map(({ name }) => name).filter((name) => name !== 'tlsContext' && name !== 'preExec');
    expect(new Set(calls().map(({ hook }) => hook))).to.have.all.keys(...names);
    for (const { hook, pid: where } of calls()) {
      const row = hookTable.find(({ name }) => name === hook);
      expect(where === server.pid ? 'master' : 'worker', hook).to.equal(row?.process);
    }
  });

  it('that throw or reject are logged with their names, and hurt nobody', async () => {
    const gates = ['onStarting', 'preFork', 'tlsContext'];
    const names = hookTable.map(({ name }) => name).filter((name) => !gates.includes(name));
    const bodies = names.map(
      (name, index) => `${index % 2 ? 'async ' : ''}${name}() { throw new Error('thrown by ${name}'); }`,
    );
    const server = await startServer({ app, config: `export default { ${bodies.join(',\n')} };` });
    expect((await fetchText(server.url)).status).to.equal(200);
    server.signal('SIGTTIN');
    await server.event('worker.ready', ({ workerId }) => workerId === 2);
    server.signal('SIGHUP');
    await server.event('reload.finished');
    expect((await fetchText(server.url)).status).to.equal(200);
    await server.stop({ signal: 'SIGINT', expectErrors: ['hook.failed'] });
    const failed = server.log.filter(({ event }) => event === 'hook.failed');
    const others = ['onReloadFailed', 'workerTimeout', 'workerAbort', 'preExec'];
    expect(new Set(failed.map(({ hook }) => hook))).to.have.all.keys(...names.filter((name) => !others.includes(name)));
    for (const { hook, error } of failed) expect(error).to.include({ message: `thrown by ${hook}` });
  });

  it('onStarting and preFork stop the start when they throw or reject', async () => {
    const throwing = (name: string) => `export default { ${name}() { throw new Error('no vault'); } };`;
    const rejecting = (name: string) =>
      `export default { async ${name}() { await null; throw new Error('no vault'); } };`;
    const check = async (name: string, config: string) => {
      const result = await runServer({ app, config, flags: ['-w', '2'] });
      expectRefused(
        result,
        new RegExp(`\\ntsunicorn: The hook "${name}" threw, so the server does not start: no vault\\n$`),
      );
    };
    const names = ['onStarting', 'preFork'];
    await Promise.all(names.flatMap((name) => [check(name, throwing(name)), check(name, rejecting(name))]));
  });

  it('that return a promise are awaited before what they precede', async () => {
    const slow = (name: string, param: string) =>
      `async ${name}(${param}) { await delay(150); ${param}.log.info('over', { hook: '${name}' }); }`;
    const config =
      `import { setTimeout as delay } from 'node:timers/promises';\n` +
      `export default { ${slow('onStarting', 'server')}, ${slow('preFork', 'server')}, ${slow('postFork', 'server')}, ` +
      `${slow('postWorkerInit', 'worker')}, ${slow('workerExit', 'server')}, ${slow('onExit', 'server')} };`;
    const server = await startServer({ app, config });
    await server.stop();
    const order = server.log.map((line) => (line.event === 'hook.log' ? String(line.hook) : line.event));
    expect(order.filter((step) => !/^(node\.|privileges\.|app\.|signal\.|drain\.|pidFile\.)/.test(step))).to.deep.equal(
      [
        ...['server.starting', 'onStarting', 'server.listening', 'preFork', 'worker.spawned'],
        ...['postFork', 'postWorkerInit', 'worker.ready', 'server.ready'],
        ...['server.stopping', 'worker.draining', 'workerExit', 'worker.exited', 'onExit', 'server.stopped'],
      ],
    );
  });

  it('with parameters that they never get are a fault', async () => {
    const config = 'export default { onExit(server: unknown, worker: unknown) {}, preRequest: 7 };';
    const result = await runServer({ app, config });
    expectRefused(result, /^tsunicorn: The configuration has 2 faults:\n/);
    expect(result.stderr)
      .to.include('The hook "onExit" declares 2 parameters, but it is called as onExit(server). Remove the parameters')
      .and.to.include(
        'The hook "preRequest" must be a function, but it is a number. Write preRequest(worker, request) { … }.',
      );
  });
});

function parse(line: string): Call {
  return JSON.parse(line) as Call;
}
