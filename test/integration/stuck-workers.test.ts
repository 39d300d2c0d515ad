import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { fetchText, type KeepAlive, openKeepAlive } from '../support/client.ts';
import { connectToEach } from '../support/each-worker.ts';
import { eventually } from '../support/eventually.ts';
import { fixture, type LogLine, type Server, startServer } from '../support/server.ts';

const app = 'apps/stuck.ts';
const ways = fixture('apps/stuck-ways.ts');
const KILLED = { expectErrors: ['worker.timeout'] } as const;

interface Stuck {
  readonly line: LogLine;
  readonly stack: readonly string[];
  readonly requests: readonly { readonly method: string; readonly target: string; readonly ageMs: number }[];
}

/** What the log says of a worker that was silent for too long. */
async function timeoutOf(server: Server, pid: number): Promise<Stuck> {
  const line = await server.event('worker.timeout', ({ workerPid }) => workerPid === pid);
  const { stack = [], requests = [] } = line;
  return { line, stack: stack as Stuck['stack'], requests: requests as Stuck['requests'] };
}

/** Sends a request that nobody will answer. */
function ask(connection: KeepAlive | undefined, path: string): void {
  connection?.request(path).catch(() => {});
}

/** The lines of a function in the application, from its head to its end. */
function linesOf(name: string): [from: number, to: number] {
  const lines = readFileSync(ways, 'utf8').split('\n');
  const from = lines.findIndex((line) => line.includes(`function ${name}(`));
  return [from + 1, lines.indexOf('}', from) + 1];
}

function expectIn(frame: string | undefined, name: string): void {
  const [, line] =
    new RegExp(`^(?:async |Immediate\\.)?${name} (?:\\[.*\\] )?\\(${ways}:(\\d+):\\d+\\)$`).exec(frame ?? '') ?? [];
  expect(Number(line), frame).to.be.within(...linesOf(name));
}

function threadsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).length;
}

describe('a stuck worker', () => {
  it('W4: is logged with function, line and requests of a TypeScript application, in whatever way it is stuck', async () => {
    const timeoutMs = 4_000;
    const paths = ['/loop', '/regex', '/wait', '/native', '/microtasks'];
    const config = { workers: paths.length, timeout: timeoutMs / 1_000 };
    const server = await startServer({ app, config });
    const pids = [...(await connectToEach(server))].map(([pid, connection], index) => {
      ask(connection, paths[index] ?? '');
      return pid;
    });
    const stuck = await Promise.all(pids.map((pid) => timeoutOf(server, pid)));
    const [loop, regex, wait, native, microtasks] = stuck;
    expectIn(loop?.stack[0], 'loopForEver');
    expectIn(
      regex?.stack.find((frame) => !frame.includes('RegExp')),
      'backtrackForEver',
    );
    expectIn(
      wait?.stack.find((frame) => !frame.includes('Atomics')),
      'waitForEver',
    );
    expect(native?.stack).to.deep.equal([]);
    expect(native?.line.noStack).to.match(/^it is in native code or waits in a system call/);
    expectIn(
      microtasks?.stack.find((frame) => !frame.startsWith('countTo')),
      'promiseForEver',
    );
    // Of several that are silent one is ended a second.
    const lastMs = timeoutMs + paths.length * 1_000;
    stuck.forEach(({ line, requests }, index) => {
      expect(line.silentMs).to.be.within(timeoutMs, lastMs + 1_000);
      expect(line.state).to.equal(index === 2 ? 'sleeping' : 'running');
      expect(line.cpuSeconds).to.be.above(0);
      if (index === 3) return;
      expect(line.requestsInFlight).to.equal(1);
      expect(requests[0]).to.include({ method: 'GET', target: paths[index] });
      expect(requests[0]?.ageMs).to.be.within(timeoutMs / 2, lastMs + 2_000);
    });
    await server.stop(KILLED);
  });

  it('W4: is logged with the requests in flight, the oldest first, 20 at most, long targets cut', async () => {
    const server = await startServer({ app, config: { workers: 1, timeout: 2 } });
    const [pid = 0] = server.workers();
    const long = `/early?${'x'.repeat(500)}`;
    ask((await connectToEach(server)).get(pid), long);
    await delay(1_500);
    for (let sent = 0; sent < 24; sent += 1) ask((await connectToEach(server)).get(pid), `/late?${sent}`);
    ask((await connectToEach(server)).get(pid), '/loop');
    const { line, requests } = await timeoutOf(server, pid);
    expect(line.requestsInFlight).to.equal(26);
    expect(requests).to.have.length(20);
    expect(requests[0]?.target)
      .to.match(/^\/early\?x+…$/)
      .and.have.length(200);
    expect(requests[0]?.ageMs).to.be.above(2_500);
    expect(requests[1]?.ageMs).to.be.below(requests[0]?.ageMs ?? 0);
    await server.stop(KILLED);
  });

  it('W3: that is stopped is logged as stopped, without a stack, and the others never notice', async () => {
    const server = await startServer({ app, config: { workers: 2, timeout: 1 } });
    const [stopped = 0, other = 0] = server.workers();
    process.kill(stopped, 'SIGSTOP');
    const { line, stack } = await timeoutOf(server, stopped);
    expect(line).to.include({ state: 'stopped', noStack: 'the process is stopped' });
    expect(stack).to.deep.equal([]);
    await server.event('worker.exited', ({ workerPid }) => workerPid === stopped);
    expect(server.workers()).to.include(other);
    await server.stop(KILLED);
  });

  it('W3: that is stopped and goes on before timeout is not taken for a stuck one', async () => {
    const server = await startServer({ app, config: { workers: 1, timeout: 2 } });
    const [pid = 0] = server.workers();
    const [connection] = (await connectToEach(server)).values();
    process.kill(pid, 'SIGSTOP');
    await delay(1_200);
    process.kill(pid, 'SIGCONT');
    expect((await connection?.request('/pid'))?.body).to.equal(String(pid));
    await delay(2_000);
    expect(server.workers()).to.deep.equal([pid]);
    await server.stop();
  });

  it('is not judged by what it, or its application, said before its last heartbeat', async () => {
    const server = await startServer({ app: 'apps/bad-colleague.mjs', config: { workers: 1, timeout: 1 } });
    const [pid = 0] = server.workers();
    expect((await fetchText(server.url, { path: '/accuse' })).text).to.equal('accused\n');
    // Two heartbeats, which come each quarter of a second.
    await delay(600);
    process.kill(pid, 'SIGSTOP');
    const { line, stack } = await timeoutOf(server, pid);
    expect(stack).to.deep.equal([]);
    expect(line.noStack).to.equal('the process is stopped');
    await server.stop(KILLED);
  });

  it('is one that was silent for timeout; what blocks for less is left alone', async () => {
    const timeoutMs = 2_000;
    const server = await startServer({ app: 'apps/hello.mjs', config: { timeout: timeoutMs / 1_000 } });
    const connection = await openKeepAlive({ port: server.port });
    // A heartbeat may be a quarter of it old when the block begins.
    expect((await connection.request(`/block?ms=${timeoutMs / 2}`)).status).to.equal(200);
    const beganMs = performance.now();
    ask(connection, '/block?ms=60000');
    const { silentMs } = await server.event('worker.timeout');
    expect(performance.now() - beganMs).to.be.within((timeoutMs * 3) / 4 - 50, timeoutMs + 2_000);
    expect(silentMs).to.be.within(timeoutMs, timeoutMs + 1_000);
    await server.stop(KILLED);
  });

  it('has no thread and leaves no stack where stackOnTimeout is off', async () => {
    const server = await startServer({ app, config: { workers: 1, timeout: 1, stackOnTimeout: false } });
    const watched = await startServer({ app, config: { workers: 1, timeout: 1 } });
    const [pid = 0] = server.workers();
    const [watchedPid = 0] = watched.workers();
    await eventually(() => threadsOf(watchedPid) > threadsOf(pid));
    ask((await connectToEach(server)).get(pid), '/loop');
    const { line, stack } = await timeoutOf(server, pid);
    expect(stack).to.deep.equal([]);
    expect(line.noStack).to.equal('stackOnTimeout is off');
    await Promise.all([server.stop(KILLED), watched.stop()]);
  });

  it('shows its stack to people a frame a line', async () => {
    const server = await startServer({
      app,
      config: { workers: 1, timeout: 1 },
      flags: ['--log-format', 'pretty'],
      waitFor: null,
    });
    await eventually(() => server.stderrText.includes('all workers are ready'));
    const [, port = ''] = /http:\/\/127\.0\.0\.1:(\d+)/.exec(server.stderrText) ?? [];
    const connection = await openKeepAlive({ port: Number(port) });
    ask(connection, '/loop?a=1');
    await eventually(() => server.stderrText.includes('worker sent no heartbeat'));
    await eventually(() =>
      / {4}at (?:Immediate\.)?loopForEver .*\(.*stuck-ways\.ts:\d+:\d+\)\n(?: {4}at .*\n)* {4}GET \/loop\?a=1, for \d\.\d s\n/.test(
        server.stderrText,
      ),
    );
    await server.stop();
  });
});
