import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { fetchText, openKeepAlive } from '../support/client.ts';
import { converse, firstBytes } from '../support/conversation.ts';
import { eventually } from '../support/eventually.ts';
import { type Load, startLoad } from '../support/load.ts';
import { children, descendants, isAlive, openFds } from '../support/process-tree.ts';
import { scratch } from '../support/scratch.ts';
import type { LogEventName, LogLine, Server } from '../support/server.ts';
import { pythonSuite, startPython } from '../support/wsgi-server.ts';

/** What becomes of a request that does this to its process. */
interface Row {
  readonly path: string;
  /** The status of its answer; `'cut'`: the connection was closed before the answer was whole. */
  readonly answer: number | 'cut';
  /** The one line at level error; `null`: there is none. */
  readonly logs: LogEventName | null;
  readonly says?: Readonly<Record<string, unknown>>;
  /** The process lives on. Default: it is replaced. */
  readonly survives?: true;
}

const rows: readonly Row[] = [
  { path: '/sigkill', answer: 502, logs: 'python.crashed', says: { signal: 'SIGKILL', lostRequests: 1 } },
  { path: '/segfault', answer: 502, logs: 'python.crashed', says: { signal: 'SIGSEGV', lostRequests: 1 } },
  { path: '/os-exit', answer: 502, logs: 'python.crashed', says: { code: 0, lostRequests: 1 } },
  { path: '/half', answer: 'cut', logs: 'python.crashed', says: { signal: 'SIGKILL', lostRequests: 1 } },
  { path: '/close-descriptors', answer: 502, logs: 'python.crashed', says: { code: 70, lostRequests: 1 } },
  { path: '/close-all', answer: 502, logs: 'python.crashed', says: { code: 70, lostRequests: 1 } },
  { path: '/hang-up-and-loop', answer: 502, logs: 'python.crashed', says: { signal: 'SIGKILL', lostRequests: 1 } },
  { path: '/close-standard', answer: 200, logs: null, survives: true },
  { path: '/shut-down', answer: 502, logs: 'python.crashed', says: { lostRequests: 1 } },
  { path: '/garbage', answer: 502, logs: 'python.broken' },
  { path: '/garbage-frame', answer: 502, logs: 'python.broken' },
  { path: '/garbage-answer', answer: 502, logs: 'python.broken' },
  { path: '/half-a-frame', answer: 502, logs: 'python.broken' },
  { path: '/fork-and-return', answer: 200, logs: null, survives: true },
  { path: '/fork-and-leave', answer: 200, logs: null, survives: true },
  { path: '/noise', answer: 200, logs: null, survives: true },
  { path: '/noisy-lines', answer: 200, logs: null, survives: true },
  { path: '/close-raises', answer: 200, logs: null, survives: true },
  { path: '/close-exits', answer: 200, logs: 'python.crashed', says: { code: 1, lostRequests: 0 } },
];
/** Those that are seen by the silence. */
const silent: readonly Row[] = [
  { path: '/loop', answer: 504, logs: 'python.timeout', says: { signal: 'SIGABRT' } },
  { path: '/spin-in-c', answer: 504, logs: 'python.timeout', says: { signal: 'SIGABRT' } },
  { path: '/sleep', answer: 504, logs: 'python.timeout', says: { signal: 'SIGABRT' } },
  { path: '/sigstop', answer: 504, logs: 'python.timeout', says: { signal: 'SIGKILL' } },
  { path: '/close-sleeps', answer: 200, logs: 'python.timeout', says: { signal: 'SIGABRT' } },
];

async function answerOf(server: Server, path: string): Promise<number | 'cut'> {
  return fetchText(server.url, { path }).then(
    ({ status }) => status,
    () => 'cut',
  );
}

function errorsIn(lines: readonly LogLine[]): LogLine[] {
  return lines.filter(({ level }) => level === 'error' || level === 'fatal');
}

describe('a Python process that', () => {
  let server: Server;
  let load: Load;
  before(function () {
    pythonSuite(this);
  });

  /** Two processes, and clients that must notice nothing. */
  async function serve(config: object = {}): Promise<void> {
    server = await startPython('faults/faulty', { config: { processes: 2, logLevel: 'debug', ...config } });
    load = startLoad({
      target: { port: server.port },
      connections: 4,
      mode: 'keep-alive',
      expectBody: 'fine',
      pauseMs: 2,
    });
    await eventually(() => load.report().ok >= 50);
  }
  async function servedOn(): Promise<void> {
    const { ok } = load.report();
    await eventually(() => load.report().ok >= ok + 50);
  }
  /** Everybody else was answered, and nothing is left. */
  async function leave(expectErrors: readonly LogEventName[]): Promise<void> {
    const { lost, perStatus } = await load.stop();
    await server.stop({ expectErrors });
    expect(lost).to.deep.equal([]);
    expect(Object.keys(perStatus)).to.deep.equal(['200']);
  }
  async function suffer(row: Row, withinMs: number): Promise<LogLine | undefined> {
    const after = server.mark();
    const beganMs = performance.now();
    expect(await answerOf(server, row.path)).to.equal(row.answer);
    if (row.survives !== true) await server.event('python.ready', undefined, { after });
    expect(performance.now() - beganMs).to.be.below(withinMs);
    await servedOn();
    const errors = errorsIn(server.log.slice(after));
    expect(errors.map(({ event }) => event)).to.deep.equal(row.logs === null ? [] : [row.logs]);
    expect(errors[0] ?? {}).to.include(row.says ?? {});
    return errors[0];
  }

  for (const row of rows) {
    it(`meets ${row.path} costs that request only (${row.answer})`, async () => {
      await serve();
      await suffer(row, 10_000);
      await leave(row.logs === null ? [] : [row.logs]);
    });
  }

  for (const row of silent) {
    it(`is silent in ${row.path} is ended after timeout (${row.answer})`, async () => {
      await serve({ timeout: 1 });
      const line = await suffer(row, 4_000);
      if (row.says?.signal === 'SIGABRT') {
        expect(line?.lastWords).to.match(/File ".*faulty\.py", line \d+ in /);
      }
      expect(line).to.include({ method: 'GET', target: row.path });
      await leave(['python.timeout']);
    });
  }

  it('leaves by sys.exit() in a request answers 500, and loses none that wait behind it', async () => {
    await serve({ processes: 1 });
    expect(await answerOf(server, '/sys-exit')).to.equal(500);
    expect(await server.event('python.crashed')).to.include({ code: 7, lostRequests: 0 });
    await servedOn();
    expect(server.log.filter(({ event }) => event === 'request.failed')).to.have.length(1);
    await leave(['python.crashed', 'request.failed']);
  });

  it('dies takes no answer along that it had made', async () => {
    await serve({ processes: 1 });
    for (let round = 1; round <= 5; round += 1) {
      const after = server.mark();
      const paths = [...Array<string>(8).fill('/'), '/sigkill', '/', '/'];
      const clients = await Promise.all(paths.map(() => openKeepAlive({ port: server.port })));
      // At once, so that the worker gives them to the process together.
      const answers = await Promise.all(paths.map((path, index) => clients[index]?.request(path)));
      for (const client of clients) client.close();
      const expected = paths.map((path) => (path === '/' ? 200 : 502));
      expect(answers.map((answer) => answer?.status)).to.deep.equal(expected);
      expect(await server.event('python.crashed', undefined, { after })).to.include({ lostRequests: 1 });
      await server.event('python.ready', undefined, { after });
      await servedOn();
    }
    await leave(['python.crashed']);
  });

  for (const threads of [1, 3]) {
    for (const [signal, answer] of [
      ['SIGTERM', 200],
      ['SIGQUIT', 200],
      ['SIGKILL', 502],
    ] as const) {
      it(`gets ${signal} loses at most what it has begun (threads: ${threads})`, async () => {
        await serve({ processes: 1, threads });
        const gate = join(server.dir, 'gate');
        // The load has shown that requests are fast, so that many wait in the process behind these.
        const begun = Array.from({ length: threads }, () => answerOf(server, `/slow?when=${gate}`));
        await eventually(() => statSync(`${gate}.begun`).size === threads);
        const behind = Array.from({ length: 20 }, () => answerOf(server, '/'));
        process.kill(pythonProcesses(server)[0] ?? 0, signal);
        if (answer === 200) writeFileSync(gate, '');
        expect(await Promise.all(begun)).to.deep.equal(begun.map(() => answer));
        expect(await Promise.all(behind)).to.deep.equal(behind.map(() => 200));
        if (answer === 200) expect(await server.event('python.signalled')).to.include({ level: 'info', signal });
        else expect(await server.event('python.crashed')).to.include({ signal, lostRequests: threads });
        await leave(answer === 200 ? [] : ['python.crashed']);
      });
    }

    it(`gets SIGTERM or SIGQUIT under load, again and again, loses nothing (threads: ${threads})`, async () => {
      await serve({ threads });
      for (const signal of ['SIGTERM', 'SIGQUIT', 'SIGTERM', 'SIGQUIT', 'SIGTERM'] as const) {
        const after = server.mark();
        const [pythonPid = 0] = pythonProcesses(server);
        process.kill(pythonPid, signal);
        expect(await server.event('python.signalled', undefined, { after })).to.include({ pythonPid, signal });
        await server.event('python.ready', undefined, { after });
        await servedOn();
      }
      await leave([]);
    });

    it(`gets a signal that is not for it lives on (threads: ${threads})`, async () => {
      await serve({ threads });
      const before = pythonProcesses(server);
      const after = server.mark();
      for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGTTIN', 'SIGTTOU'] as const) {
        for (const pid of before) process.kill(pid, signal);
        await servedOn();
      }
      expect(pythonProcesses(server)).to.deep.equal(before);
      expect(server.log.slice(after)).to.deep.equal([]);
      await leave([]);
    });

    for (const path of ['/endless', '/endless-nothing']) {
      it(`answers ${path} closes it once when the client leaves (threads: ${threads})`, async () => {
        server = await startPython('faults/faulty', { config: { threads } });
        const client = await converse({ port: server.port });
        client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
        await firstBytes(client);
        client.socket.resetAndDestroy();
        const counts = async () => (await fetchText(server.url, { path: '/counts' })).text;
        const last = await eventually(async () => /^1 \d+$/.exec(await counts())?.[0]);
        expect(await counts()).to.equal(last);
        await server.stop();
      });
    }
  }
});

describe('the process that Python processes are forked from', () => {
  before(function () {
    pythonSuite(this);
  });

  it('is replaced with them when it is killed', async () => {
    const server = await startPython('faults/faulty', { config: { processes: 2, logLevel: 'debug' } });
    const before = pythonProcesses(server);
    const after = server.mark();
    process.kill(zygoteOf(server), 'SIGKILL');
    await eventually(() => server.log.slice(after).filter(({ event }) => event === 'python.ready').length === 2);
    expect(await answerOf(server, '/')).to.equal(200);
    expect(pythonProcesses(server).filter((pid) => before.includes(pid))).to.deep.equal([]);
    expect(errorsIn(server.log).map(({ event }) => event)).to.deep.equal(['python.zygoteDied']);
    await server.stop({ expectErrors: ['python.zygoteDied'] });
  });

  it('is replaced soon when it is stopped and a process dies', async () => {
    const server = await startPython('faults/faulty', { config: { processes: 2, logLevel: 'debug' } });
    const after = server.mark();
    const stopped = zygoteOf(server);
    const old = [stopped, ...pythonProcesses(server)];
    const sinceMs = performance.now();
    process.kill(stopped, 'SIGSTOP');
    // Nobody tells of its end but the channel.
    expect(await answerOf(server, '/sigkill')).to.equal(502);
    // The other one serves meanwhile.
    const load = startLoad({ target: { port: server.port }, connections: 2, mode: 'keep-alive', pauseMs: 20 });
    await server.event('python.zygoteDied', undefined, { after });
    expect(performance.now() - sinceMs).to.be.below(4_000);
    expect(load.report().ok).to.be.above(50);
    await eventually(() => server.log.slice(after).filter(({ event }) => event === 'python.ready').length === 2);
    expect(pythonProcesses(server)).to.have.length(2);
    expect(old.filter(isAlive)).to.deep.equal([]);
    const { ok } = load.report();
    await eventually(() => load.report().ok >= ok + 50);
    const { lost, perStatus } = await load.stop();
    expect([lost.length, (perStatus[502] ?? 0) <= 1]).to.deep.equal([0, true]);
    await server.stop({ expectErrors: ['python.zygoteDied', 'python.crashed'] });
  });
});

describe('Python processes', () => {
  const place = scratch();
  before(function () {
    pythonSuite(this);
  });
  const start = () =>
    startPython('faults/faulty', { config: { processes: 2, gracefulTimeout: 1 }, env: { TMPDIR: place.path() } });

  it('that die leave no descriptor behind in the worker, nor in the process that forks them', async () => {
    const server = await start();
    const [worker = 0] = server.workers();
    const zygote = zygoteOf(server);
    const count = () => [openFds(worker).length, openFds(zygote).length];
    const before = count();
    for (const fault of ['/sigkill', '/garbage', '/close-descriptors', '/sys-exit']) {
      const old = pythonProcesses(server);
      await answerOf(server, fault);
      await eventually(() => {
        const now = pythonProcesses(server);
        return now.length === 2 && now.some((pid) => !old.includes(pid));
      });
    }
    // Connections of clients close a little later than these know.
    await eventually(() => `${count()}` === `${before}`);
    await server.stop({ expectErrors: ['python.crashed', 'python.broken', 'request.failed'] });
  });

  for (const busy of ['/loop', '/fork-and-leave', '/']) {
    it(`end with their worker when it is killed, in ${busy}`, async () => {
      const server = await start();
      void answerOf(server, busy);
      await fetchText(server.url);
      const [worker = 0] = server.workers();
      const old = descendants(worker);
      expect(old.length).to.be.at.least(3);
      const after = server.mark();
      process.kill(worker, 'SIGKILL');
      await eventually(() => !old.some(isAlive), { timeoutMs: 2_000 });
      await server.event('worker.ready', undefined, { after });
      expect(readdirSync(place.path())).to.have.length(1);
      await server.stop({ expectErrors: ['worker.crashed'] });
      expect(readdirSync(place.path())).to.deep.equal([]);
    });

    it(`end with the master when it is killed, in ${busy}`, async () => {
      const server = await start();
      void answerOf(server, busy);
      await fetchText(server.url);
      const expectExit = { code: null, signal: 'SIGKILL' } as const;
      await server.stop({ signal: 'SIGKILL', expectExit, expectErrors: ['server.orphaned'], orphansMs: 4_000 });
      expect(readdirSync(place.path())).to.deep.equal([]);
    });
  }
});

/** Of the only worker. */
function zygoteOf(server: Server): number {
  return children(server.workers()[0] ?? 0)[0] ?? 0;
}

function pythonProcesses(server: Server): number[] {
  return children(zygoteOf(server));
}
