import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { fetchText, rawRequest } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import { runServer, type Server, startServer } from '../support/server.ts';

const TIME = String.raw`\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]`;

function linesOf(path: string): string[] {
  const text = readFileSync(path, 'latin1');
  expect(text === '' || text.endsWith('\n'), `${path} ends with a whole line`).to.equal(true);
  return text.split('\n').slice(0, -1);
}

/** What a server wrote to standard output for these requests, once it was stopped. */
async function accessLines(config: object, ask: (server: Server) => Promise<unknown>): Promise<string[]> {
  const server = await startServer({ app: 'apps/hello.mjs', config: { accessLog: '-', ...config } });
  await ask(server);
  await server.stop();
  return server.stdoutText.split('\n').filter((line) => line !== '');
}

describe('access log', () => {
  it("has Gunicorn's default format where logFormat is pretty", async () => {
    const flags = ['--access-log', '-', '--log-format', 'pretty'];
    const server = await startServer({ app: 'apps/hello.mjs', flags, waitFor: null });
    await eventually(() => server.stderrText.includes('all workers are ready'), { timeoutMs: 15_000 });
    const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(server.stderrText) ?? [];
    const headers = { Referer: 'http://example.org/', 'User-Agent': 'test/1.0' };
    await fetchText(url, { path: '/?a=b', headers });
    await server.stop();
    expect(server.stdoutText.trimEnd()).to.match(
      new RegExp(
        String.raw`^127\.0\.0\.1 - - ${TIME} "GET /\?a=b HTTP/1\.1" 200 21 "http://example\.org/" "test/1\.0"$`,
      ),
    );
  });

  it('is JSON with logFormat json and no format of its own', async () => {
    const ask = ({ url }: Server) => fetchText(url, { path: '/echo?a=b', body: 'hello', headers: { Referer: 'here' } });
    const lines = await accessLines({ logFormat: 'json' }, ask);
    expect(lines).to.have.length(1);
    const { time, durationUs, pid, ...facts } = JSON.parse(lines[0] ?? '');
    expect(new Date(time).toISOString()).to.equal(time);
    expect(durationUs).to.be.above(0);
    expect(pid).to.be.above(0);
    expect(facts).to.deep.equal({
      ...{ remoteAddress: '127.0.0.1', user: null, method: 'POST', path: '/echo', query: 'a=b', protocol: 'HTTP/1.1' },
      ...{ status: 200, responseBytes: 5, referer: 'here', userAgent: null },
    });
  });

  it('knows every atom', async () => {
    const expected: [string, RegExp][] = [
      ['h', /^127\.0\.0\.1$/],
      ['l', /^-$/],
      ['u', /^alice$/],
      ['t', new RegExp(`^${TIME}$`)],
      ['r', /^GET \/slow\?ms=30 HTTP\/1\.1$/],
      ['m', /^GET$/],
      ['U', /^\/slow$/],
      ['q', /^ms=30$/],
      ['H', /^HTTP\/1\.1$/],
      ['s', /^200$/],
      ['b', /^21$/],
      ['B', /^21$/],
      ['f', /^from$/],
      ['a', /^agent$/],
      ['T', /^\d$/],
      ['M', /^(29|[3-9]\d|\d{3,})$/],
      ['D', /^(29|[3-9]\d|\d{3,})\d{3}$/],
      ['L', /^\d\.\d{6}$/],
      ['p', /^<\d+>$/],
      ['{x-asked}i', /^yes$/],
      ['{X-Absent}i', /^-$/],
      ['{content-type}o', /^text\/plain; charset=utf-8$/],
      ['{ATOM_TEST}e', /^from the environment$/],
      ['{nothing}x', /^-$/],
    ];
    const accessLogFormat = expected.map(([atom]) => `%(${atom})s`).join('\t');
    const headers = {
      Referer: 'from',
      'User-Agent': 'agent',
      'X-Asked': 'yes',
      Authorization: `Basic ${btoa('alice:x')}`,
    };
    const [line = ''] = await accessLines({ accessLogFormat, env: { ATOM_TEST: 'from the environment' } }, ({ url }) =>
      fetchText(url, { path: '/slow?ms=30', headers }),
    );
    const fields = line.split('\t');
    expect(fields).to.have.length(expected.length);
    for (const [index, [atom, pattern]] of expected.entries()) expect(fields[index], atom).to.match(pattern);
  });

  it('is one line for one request, whatever the client sends', async () => {
    // node:http refuses control characters and lets these through; a path takes less than a field does.
    const hostile: [path: string, field: string][] = [
      ['/"quote\\', '"quote\\'],
      ['/%0d%0a%1b[31m', 'caf\xe9\x85\x9b31m'],
      [`/'\u007b"GET`, '%0d%0a127.0.0.1 - - "GET /x'],
      ['/{"status":200}', '\x80\xff\t\xa0'],
    ];
    const ask = async ({ port }: Server) => {
      for (const [path, field] of hostile) {
        const head = `GET ${path} HTTP/1.1\r\nHost: a\r\nUser-Agent: ${field}\r\nReferer: ${field}\r\n`;
        const bytes = Buffer.from(`${head}Connection: close\r\n\r\n`, 'latin1');
        expect(await rawRequest({ port }, bytes)).to.match(/^HTTP\/1\.1 404 /);
      }
    };
    const atoms = '%(U)s %(r)s %(f)s %(a)s %({user-agent}i)s';
    for (const config of [{ accessLogFormat: `begin ${atoms} end` }, { logFormat: 'json' }]) {
      const lines = await accessLines(config, ask);
      expect(lines).to.have.length(hostile.length);
      for (const line of lines) {
        expect(line).to.match(/^(begin .* end|\{.*\})$/);
        expect(line).to.not.match(/\p{Cc}/u);
      }
    }
  });
});

describe('log files', () => {
  let dir: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'tsunicorn-logs-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('M12: USR1 after a rename reopens the access log, and no line is lost, doubled or torn', async () => {
    const path = (turn: number | null) => join(dir, turn === null ? 'access.log' : `access.log.${turn}`);
    const format = { accessLog: path(null), accessLogFormat: 'begin %(m)s %(U)s %(s)s end' };
    const server = await startServer({ app: 'apps/hello.mjs', config: { workers: 2, ...format } });
    const load = startLoad({ target: { port: server.port }, connections: 16, mode: 'keep-alive' });
    const turns = [1, 2, 3, 4];
    for (const turn of turns) {
      const okBefore = load.report().ok;
      await eventually(() => load.report().ok >= okBefore + 500);
      renameSync(path(null), path(turn));
      const after = server.mark();
      server.signal('SIGUSR1');
      for (const pid of server.workers()) await server.event('logs.reopened', (line) => line.pid === pid, { after });
    }
    const { ok, lost } = await load.stop();
    await server.stop();
    expect(lost).to.deep.equal([]);
    const files = [null, ...turns].map((turn) => linesOf(path(turn)));
    expect(new Set(files.flat())).to.deep.equal(new Set(['begin GET / 200 end']));
    expect(files.flat().length).to.equal(ok);
    for (const lines of files.slice(1)) expect(lines.length).to.be.above(0);
  });

  it('M12: USR1 after a rename reopens the error log in the master and in the workers', async () => {
    const path = join(dir, 'error.log');
    const flags = ['-w', '2', '--error-log', path, '--log-level', 'debug'];
    const server = await startServer({ app: 'apps/hello.mjs', flags, waitFor: null });
    const has = (file: string, event: string, count: number) => () =>
      linesOf(file).filter((line) => JSON.parse(line).event === event).length === count;
    await eventually(has(path, 'server.ready', 1), { timeoutMs: 15_000 });
    renameSync(path, `${path}.1`);
    server.signal('SIGUSR1');
    await eventually(has(path, 'logs.reopened', 3), { until: 'master and both workers write to the new file' });
    server.signal('SIGTERM');
    await server.exited;
    await server.stop();
    const old = linesOf(`${path}.1`).map((line) => JSON.parse(line));
    const fresh = linesOf(path).map((line) => JSON.parse(line));
    expect(old.at(-1)).to.include({ event: 'signal.received', signal: 'SIGUSR1' });
    expect(fresh.at(-1)?.event).to.equal('server.stopped');
    expect(fresh.filter(({ event, role }) => event === 'drain.started' && role === 'worker')).to.have.length(2);
    expect(server.stderrText).to.equal('');
  });

  for (const flag of ['--access-log', '--error-log']) {
    it(`that can not be opened (${flag}) are told in a sentence, with exit code 1`, async () => {
      const path = join(dir, 'missing', 'file.log');
      const { code, stderr } = await runServer({ app: 'apps/hello.mjs', flags: [flag, path] });
      expect(code).to.equal(1);
      expect(stderr).to.include(`Cannot open the log file ${path}: its directory does not exist.`);
      expect(stderr).to.not.match(/^ +at /m);
    });
  }
});
