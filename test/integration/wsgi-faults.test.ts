import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Load, startLoad } from '../support/load.ts';
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
      await suffer(row, 5_000);
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
});
