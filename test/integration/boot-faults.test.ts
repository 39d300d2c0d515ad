import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type ListenOptions, type Server as NetServer } from 'node:net';
import { dirname } from 'node:path';
import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { prepareCommand } from '../support/command.ts';
import { scratch } from '../support/scratch.ts';
import { fixture, type RunResult, runServer, startServer } from '../support/server.ts';

const NO_WORKER = 'tsunicorn: No worker became ready, so the server stops.';
const NO_APPLICATION = / exports no application\. Export a listener .*$/;

/** What an application does wrong when it is loaded, and the last words that its author reads. */
const broken: Readonly<Record<string, RegExp>> = {
  'throws.mjs': /^Error: thrown while the application is loaded\n {4}at file:.*\/throws\.mjs:1:7$/,
  'rejects.mjs': /^Error: rejected while the application is loaded\n {4}at file:.*\/rejects\.mjs:4:7$/,
  'throws-in-factory.cjs':
    /^TypeError: thrown by the factory\n {4}at .*\/throws-in-factory\.cjs:2:9\)?\nCaused by: Error: the database is down\n {4}at .*\/throws-in-factory\.cjs:2:\d+\)?$/,
  'throws-in-import.ts':
    /^RangeError: no port in the settings\n {4}at read \(.*\/throws-typed\.ts:6:\d+\)(\n {4}at .*)*$/,
  'syntax.mjs': /^\S+\/syntax\.mjs:2\n(.*\n)*\nSyntaxError: missing \) after argument list$/,
  'syntax.cjs': /^\S+\/syntax\.cjs:2\n(.*\n)*\nSyntaxError: missing \) after argument list$/,
  'syntax.ts': /Unexpected token, expected ","\s+at \S+\/syntax\.ts:2:24$/,
  'missing-import.mjs': /Cannot find module '\S+\/is-not-there\.mjs' imported from \S+\/missing-import\.mjs$/,
  'missing-package.mjs':
    /Cannot find package 'a-package-that-nobody-installed' imported from \S+\/missing-package\.mjs$/,
  'empty.mjs': NO_APPLICATION,
  'no-app.mjs': /^The export "default" of \S+\/no-app\.mjs is a number\. Export a listener .*$/,
  'one-parameter.mjs': /one-parameter\.mjs takes one parameter, and so is neither .*$/,
  'exits.mjs':
    /^The worker exited with code 0 before .* Something in the application ended the process:\n {4}at \S+\/exits\.mjs:1:9$/,
  '../apps/routes.cjs': /is an object that answers no requests \(it has createListener\)\. .*$/,
  '../apps/named.mjs:nothing': /named\.mjs has no export "nothing"; it exports handler\. Correct the name .*$/,
  '../apps/is-not-there.mjs': /^No application at "\S+\/is-not-there\.mjs": there is no such file in .*$/,
};

/** What stands on standard error after the last line of the log. */
function lastWords({ stderr }: RunResult): string {
  return stderr.slice(stderr.lastIndexOf('\n{') + 1).replace(/^\{.*\n/, '');
}

function spawned({ log }: RunResult): number {
  return log.filter(({ event }) => event === 'worker.spawned').length;
}

function expectBootFault(result: RunResult, words: RegExp, name: string): void {
  expect(result.code, name).to.equal(3);
  const [head, empty, ...rest] = lastWords(result).trimEnd().split('\n');
  expect([head, empty], name).to.deep.equal([NO_WORKER, '']);
  expect(rest.join('\n'), name).to.match(words);
  expectNoStackOfOurs(result, name);
  expect(result.durationMs, name).to.be.below(15_000);
}

function expectNoStackOfOurs({ stderr }: RunResult, name: string): void {
  const command = prepareCommand({});
  command.remove();
  const ours = dirname(command.args[0] ?? '');
  const betrayed = stderr.split('\n').filter((line) => line.includes(ours) || line.includes('node:internal'));
  expect(betrayed, name).to.deep.equal([]);
}

/** A start that must fail before anything was spawned, with this exit code and these last words. */
function expectRefused(result: RunResult, code: number, words: string | RegExp): void {
  expect(result.code).to.equal(code);
  if (typeof words === 'string') expect(lastWords(result)).to.equal(`tsunicorn: ${words}\n`);
  else expect(lastWords(result)).to.match(words);
  expectNoStackOfOurs(result, result.stderr);
  expect(spawned(result)).to.equal(0);
}

async function whileListening<T>(where: ListenOptions, use: (server: NetServer) => Promise<T>): Promise<T> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(where, resolve));
  try {
    return await use(server);
  } finally {
    server.close();
  }
}

describe('an application that does not start', () => {
  const files = Object.entries(broken);
  for (let index = 0; index < files.length; index += 4) {
    const group = files.slice(index, index + 4);
    it(`W8: ends the server with exit code 3 and its own words: ${group.map(([file]) => file).join(', ')}`, async () => {
      const check = async ([file, words]: readonly [string, RegExp]) => {
        const [path = '', suffix] = file.split(':');
        const app = suffix === undefined ? fixture(`broken/${path}`) : `${fixture(`broken/${path}`)}:${suffix}`;
        const result = await runServer({ app });
        expectBootFault(result, words, file);
        expect(spawned(result), file).to.equal(1);
      };
      await Promise.all(group.map(check));
    });
  }

  it('is told of once, at the end, by four workers too', async () => {
    const result = await runServer({ app: 'broken/throws.mjs', flags: ['-w', '4'] });
    expectBootFault(result, broken['throws.mjs'] ?? /never/, '4 workers');
    expect(spawned(result)).to.equal(4);
    expect(result.stderr.match(/^Error: thrown while/gm)).to.have.length(1);
  });

  it('W8: is not waited for longer than bootTimeout, whether it hangs or loops', async () => {
    const check = async (app: string) => {
      const result = await runServer({ app, flags: ['--boot-timeout', '1'] });
      expectBootFault(result, /^The application was not ready within 1 s \(bootTimeout\)\. Look for .*$/, app);
      expect(spawned(result), `${app} is started once`).to.equal(1);
      expect(
        result.log.filter(({ event }) => event === 'worker.bootTimeout'),
        app,
      ).to.have.length(1);
    };
    await Promise.all([check('broken/hangs.mjs'), check('broken/loops.mjs')]);
  });
});

describe('an address that cannot be had', () => {
  const files = scratch();
  const app = 'apps/hello.mjs';

  it('P3: is named, with the way to see who has it, before any worker is started', async () => {
    await whileListening({ host: '127.0.0.1', port: 0 }, async (server) => {
      const port = Number(Object(server.address()).port);
      const bind = `127.0.0.1:${port}`;
      const show = `Stop it (ss -ltnp 'sport = :${port}' shows which) or change "bind".`;
      const result = await runServer({ app, flags: ['-b', bind] });
      expectRefused(result, 1, `Cannot listen on ${bind}: another process already listens there. ${show}`);
    });
    const path = files.path('live.sock');
    await whileListening({ path }, async () => {
      const show = `Stop it (ss -lxp | grep '${path}' shows which) or change "bind".`;
      const result = await runServer({ app, flags: ['-b', `unix:${path}`] });
      expectRefused(result, 1, `Cannot listen on unix:${path}: another process already listens there. ${show}`);
    });
  });

  it('P3: is refused with a sentence where no such address, name, descriptor or directory exists', async () => {
    // A label of more than 63 characters is no name (RFC 1035, section 2.3.4): nobody on the network is asked.
    const noName = `${'a'.repeat(64)}:0`;
    const sentences: Readonly<Record<string, RegExp>> = {
      '203.0.113.1:0': /^tsunicorn: Cannot listen on 203\.0\.113\.1:0: this machine has no such address\. .*\n$/,
      [noName]: /^tsunicorn: Cannot listen on a{64}:0: The name does not resolve .*correct "bind"\.\n$/,
      'fd://99': /^tsunicorn: Cannot listen on fd:\/\/99: that descriptor is no open socket\. .*\n$/,
      [`unix:${files.path('nowhere/app.sock')}`]: /: its directory does not exist\. Create it or change "bind"\.\n$/,
    };
    const check = async ([bind, words]: readonly [string, RegExp]) =>
      expectRefused(await runServer({ app, flags: ['-b', bind] }), 1, words);
    await Promise.all(Object.entries(sentences).map(check));
  });

  it('leaves a file that is no socket as it is', async () => {
    const path = files.path('notes.txt');
    writeFileSync(path, 'mine');
    const result = await runServer({ app, flags: ['-b', `unix:${path}`] });
    const what = 'a file that is no socket stands there. Move it away or change "bind".';
    expectRefused(result, 1, `Cannot listen on unix:${path}: ${what}`);
    expect(readFileSync(path, 'utf8')).to.equal('mine');
  });

  it('closes what it had bound before', async () => {
    const path = files.path('first.sock');
    const result = await runServer({ app, flags: ['-b', `unix:${path}`, '-b', 'fd://99'] });
    expectRefused(result, 1, /^tsunicorn: Cannot listen on fd:\/\/99/);
    expect(() => readFileSync(path)).to.throw('ENOENT');
  });

  it('is taken over from a unix socket that nobody answers on', async () => {
    const path = files.path('stale.sock');
    const leave = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', leave, path]);
    const server = await startServer({ app, flags: ['-b', `unix:${path}`] });
    expect((await fetchText({ unixPath: path })).text).to.equal('hello from hello.mjs\n');
    await server.event('socket.replaced', (line) => line.path === path, { timeoutMs: 0 });
    await server.stop();
  });
});

describe('a faulty configuration', () => {
  it('of flags ends with exit code 2 and every mistake at once', async () => {
    const result = await runServer({
      app: 'apps/hello.mjs',
      flags: ['--worker', '--timeout', 'soon', '--worker-class=sync'],
    });
    expectRefused(result, 2, /^tsunicorn: The command line has 3 mistakes:\n/);
    const [, worker, timeout, workerClass, hint] = lastWords(result).split('\n');
    expect(worker).to.match(/^ {2}- .*--worker\b.*"?--workers"?/);
    expect(timeout).to.match(/^ {2}- --timeout .*"soon"/);
    expect(workerClass).to.match(/^ {2}- .*--worker-class.* left out on purpose/);
    expect(hint).to.equal('tsunicorn --help lists all flags.');
  });

  it('of a file ends with exit code 1 and every fault at once, each with its repair', async () => {
    const config = { wokers: 2, max_requests: 10, timeout: '30', backlog: -1, worker_class: 'gevent', purple: true };
    const result = await runServer({ config });
    expectRefused(result, 1, /^tsunicorn: The configuration has 7 faults:\n/);
    const faults = lastWords(result).trimEnd().split('\n').slice(1).sort();
    const expected = [
      /^ {2}- "backlog" must be an integer from 1 to 65535, but the file \S+ gives -1 \(a number\)\. For example: .*\.$/,
      /^ {2}- "timeout" must be a number of seconds .* gives "30" \(a string\)\. Write 30 without quotes\.$/,
      /^ {2}- No application given: name it on the command line .*\.$/,
      /^ {2}- Unknown setting "max_requests": did you mean "maxRequests"\? .*\.$/,
      /^ {2}- Unknown setting "purple" .*: remove it\. .*\.$/,
      /^ {2}- Unknown setting "wokers": did you mean "workers"\? .*\.$/,
      /^ {2}- Unknown setting "worker_class" .* is left out on purpose: .* Remove it\.$/,
    ];
    expect(faults).to.have.length(expected.length);
    for (const [index, pattern] of expected.entries()) expect(faults[index]).to.match(pattern);
  });

  it('that is no configuration at all is told in a sentence with its place', async () => {
    const sentences: Readonly<Record<string, RegExp>> = {
      'const workers = 2;\nthrow new Error("no vault " + workers);':
        /^tsunicorn: Cannot use the config file (\S+): no vault 2 \(\1:2\)\. Correct the file; "tsunicorn --check-config" tests it\.\n$/,
      'export default {\n  workers 2,\n};':
        /^tsunicorn: Cannot use the config file (\S+): Unexpected token, expected ","\s+\(\1:2:\d+\)\. Correct the file; .*\n$/,
      'export const workers: number = 2;':
        /^tsunicorn: Cannot use the config file \S+: it exports no configuration\. Add .*\.\n$/,
      'export default () => [];': /^tsunicorn: Cannot use the config file \S+: it holds an array instead of .*\.\n$/,
      'export default import("./gone.ts");': /^tsunicorn: Cannot use the config file \S+: .*\.\n$/,
    };
    const check = async ([config, words]: readonly [string, RegExp]) =>
      expectRefused(await runServer({ config, app: 'apps/hello.mjs' }), 1, words);
    await Promise.all(Object.entries(sentences).map(check));
  });

  it('that names no application, or a config file that is not there, is exit code 1', async () => {
    const [noApp, noFile] = await Promise.all([
      runServer(),
      runServer({ app: 'apps/hello.mjs', flags: ['-c', 'gone.conf.ts'] }),
    ]);
    expectRefused(noApp, 1, /^tsunicorn: The configuration has a fault:\n {2}- No application given: name it .*\.\n$/);
    expectRefused(
      noFile,
      1,
      /^tsunicorn: Cannot read the config file \S+gone\.conf\.ts: there is no such file\. .*\n$/,
    );
  });
});
