import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { isAlive, listening } from '../../support/process-tree.ts';
import { fixture, runServer, type ServerOptions, startServer } from '../../support/server.ts';

const bin = fileURLToPath(new URL('planted-master.mjs', import.meta.url));
const start = (faults = '', options: ServerOptions = {}) => startServer({ bin, env: { PLANTED: faults }, ...options });

async function messageOf(failing: Promise<unknown>): Promise<string> {
  return failing.then(
    () => expect.fail('it resolved'),
    (error: Error) => error.message,
  );
}

describe('startServer', () => {
  it('knows the server from its log and stops it without a trace', async () => {
    const server = await start('', { config: { workers: 1 } });
    const config = join(server.dir, 'tsunicorn.conf.json');
    expect(server.url).to.equal(`http://127.0.0.1:${server.port}`);
    expect(server.unixPath).to.equal(`${server.dir}/web.sock`);
    expect(server.workers()).to.deep.equal([server.log.find(({ event }) => event === 'worker.spawned')?.workerPid]);
    expect(server.processes()).to.have.members([server.pid, ...server.workers()]);
    expect(server.stderrText).to.include('no log line');
    expect(listening(server.port)).to.equal(true);
    server.writeConfig({ workers: 2 });
    expect(JSON.parse(readFileSync(config, 'utf8'))).to.deep.equal({ workers: 2 });

    const mark = server.mark();
    server.signal('SIGHUP');
    expect(await server.event('reload.finished', (line) => line.generation === 2, { after: mark })).to.include({
      generation: 2,
    });
    const processes = server.processes();
    await server.stop();
    expect(await server.exited).to.deep.equal({ code: 0, signal: null });
    expect(processes.filter(isAlive)).to.deep.equal([]);
    expect(existsSync(server.dir)).to.equal(false);
  });

  it('holds everything against a server that is left behind', async () => {
    const server = await start('logs an error,exits 1,leaves a daemon,leaves a pid file');
    const processes = server.processes();
    const message = await messageOf(server.stop({ orphansMs: 50 }));
    expect(message)
      .to.include('it ended with {"code":1,"signal":null}, not {"code":0,"signal":null}')
      .and.to.include('it logged worker.crashed at level error')
      .and.to.include('it left processes: ')
      .and.to.include(`it left ${server.dir}/server.pid`)
      .and.to.include('"event":"server.ready"');
    // SIGKILL was sent to what was left; the kernel takes a moment.
    await eventually(() => ![...processes, ...server.processes()].some(isAlive));
    expect(existsSync(server.dir)).to.equal(false);
  });

  it('kills a server that does not stop', async () => {
    const server = await start('never stops');
    expect(await messageOf(server.stop({ timeoutMs: 50 }))).to.include('did not end within 50 ms of SIGTERM');
    expect(await server.exited).to.deep.equal({ code: null, signal: 'SIGKILL' });
  });

  it('allows what the test expects', async () => {
    const server = await start('logs an error,exits 1');
    await server.stop({ expectErrors: ['worker.crashed'], expectExit: { code: 1, signal: null } });
  });

  it('finds the orphans of a killed master', async () => {
    const server = await start();
    server.signal('SIGKILL');
    await server.exited;
    const message = await messageOf(server.stop({ expectExit: { code: null, signal: 'SIGKILL' }, orphansMs: 50 }));
    expect(message).to.match(/^it left processes: \d+\n/);
  });

  it('says what was logged when the awaited event does not come', async () => {
    const late = await messageOf(start('never ready', { startTimeoutMs: 3_000 }));
    expect(late).to.match(/^3000 ms passed before a fitting server.ready was logged; .*\n(.*\n)*.*"server.listening"/);
    const early = await messageOf(start('ends at once'));
    expect(early).to.include('the log ended before a fitting server.ready');
  });
});

describe('runServer', () => {
  it('returns the end of a run, with the flags that make it testable', async () => {
    const result = await runServer({ bin, app: 'apps/named.mjs:handler', env: { PLANTED: 'ends at once' } });
    expect(result).to.include({ code: 2, signal: null, stderr: '' });
    const flags = ['--bind', '127.0.0.1:0', '--log-format', 'json', '--settle-time', '0'];
    expect(JSON.parse(result.stdout)).to.deep.equal([...flags, `${fixture('apps/named.mjs')}:handler`]);
  });

  it('rejects a run that does not end', async () => {
    const message = await messageOf(runServer({ bin, timeoutMs: 200 }));
    expect(message).to.include('did not end within 200 ms');
  });
});
