import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { pythonForTests } from '../support/python.ts';
import { reload } from '../support/reload.ts';
import { scratch } from '../support/scratch.ts';
import { type LogEventName, type RunResult, runServer, startServer } from '../support/server.ts';
import { pythonSuite } from '../support/wsgi-server.ts';

const NO_WORKER = 'tsunicorn: No worker became ready, so the server stops.';
const ANSWERS = `
import os, sys
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [repr(answer(environ)).encode()]
`;

/** Modules that cannot be served, by their text, and the last words that their author reads. */
const broken: Readonly<Record<string, { text: string; app?: string; words: RegExp }>> = {
  'raises while it is imported': {
    text: '\ndef connect():\n    raise RuntimeError("no database")\nconnect()\n',
    words:
      /^Traceback .*\n {2}File ".*\/shop\.py", line 4, in <module>\n[\s\S]*line 3, in connect\n[\s\S]*\nRuntimeError: no database$/,
  },
  'imports what is not installed': {
    text: 'import a_package_that_nobody_installed\n',
    words:
      /^Traceback .*\n {2}File ".*\/shop\.py", line 1, [\s\S]*\nModuleNotFoundError: No module named 'a_package_that_nobody_installed'$/,
  },
  'has a fault of syntax': {
    text: 'def application(:\n    pass\n',
    words: /File ".*\/shop\.py", line 1\n {4}def application\(:\n +\^\nSyntaxError: invalid syntax$/,
  },
  'ends the process': {
    text: 'import sys\nsys.exit(4)\n',
    words: /Loading "shop" called sys\.exit\(4\); a module of an application must only define it\./,
  },
  'is killed while it is imported': {
    text: 'import os\nprint("on my way", flush=True)\nos.kill(os.getpid(), 9)\n',
    words: /^The Python process was ended by SIGKILL while it loaded the application\. It wrote:\non my way$/,
  },
  'is not there': {
    text: '',
    app: 'shpo',
    words:
      /^There is no module "shpo": looked for it in [^\n]*Did you mean "shop"\? Correct the name, set "chdir" or "pythonPath"/,
  },
  'has no such name': {
    text: 'def serve(environ, start_response): pass\n',
    words:
      /^The module "shop" \(.*\/shop\.py\) has no "application" and no "app"\. It has the callables serve: say which, as in "shop:serve"\.$/,
  },
  'has not the name that is asked for': {
    text: 'def serve(environ, start_response): pass\n',
    app: 'shop:server',
    words: /^The module "shop" .* has no "server"\. It has the callables serve: say which, as in "shop:serve"\.$/,
  },
  'has something else of that name': {
    text: 'application = 42\n',
    words: /^"shop" is int, which is not callable: an application must be\.$/,
  },
  'has a factory that raises': {
    text: 'def create_app(name):\n    raise ValueError(name)\n',
    app: 'shop:create_app("a b")',
    words: /^Traceback .*\n {2}File ".*\/shop\.py", line 2, in create_app\n[\s\S]*\nValueError: a b$/,
  },
  'has a factory that makes nothing': {
    text: 'def create_app():\n    pass\n',
    app: 'shop:create_app()',
    words: /^"create_app\(\)" of "shop" returned NoneType, not an application\.$/,
  },
};

describe('a Python application', () => {
  const place = scratch();
  const { python } = pythonForTests();
  before(function () {
    pythonSuite(this);
  });

  function module(text: string, name = 'shop'): void {
    const path = place.path(`${name}.py`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const flagsFor = (flags: readonly string[] = []) => ['--interface', 'wsgi', '--chdir', place.path(), ...flags];
  const refused = (app: string, flags: readonly string[], env = {}) =>
    runServer({ app, flags: flagsFor(flags), env: { TMPDIR: place.path(), ...env } });

  for (const [what, { text, app = 'shop', words }] of Object.entries(broken)) {
    it(`that ${what} ends the server with exit code 3 and these words last, preloaded or not`, async () => {
      module(text);
      const check = async (flags: readonly string[]) => expectRefused(await refused(app, flags), words);
      await Promise.all([check(['--python', python]), check(['--python', python, '--preload-app', '-w', '2'])]);
    });
  }

  it('that takes too long to be loaded is not waited for', async () => {
    module('import time\nprint("asleep", flush=True)\ntime.sleep(600)\n');
    const result = await refused('shop', ['--python', python, '--boot-timeout', '2']);
    expectRefused(result, /^The application was not (loaded|ready) within [^\n]*bootTimeout/);
  });

  it('without a Python is refused with what to do', async () => {
    module(ANSWERS);
    const oldPython = executable(place.path('old-python'), 'echo; echo "tsunicorn 3.8.1 /usr"');
    const noPython = executable(place.path('no-python'), 'echo "I am a shell"');
    const cases = [
      [
        ['--python', '/gone/python3'],
        {},
        /^The Python interpreter \/gone\/python3 is not there\. Correct the setting "python"/,
      ],
      [['--python', oldPython], {}, /old-python is Python 3\.8\.1, and 3\.9 or newer is needed\./],
      [['--python', noPython], {}, /no-python is no Python: asked for its version, it answers "I am a shell"/],
      [
        [],
        { PATH: place.path(), VIRTUAL_ENV: undefined },
        /^There is no python3 in any directory of PATH \(.*\)\. Install Python 3\.9/,
      ],
    ] as const;
    for (const [flags, env, words] of cases) expectRefused(await refused('shop', flags, env), words);
  });

  it('is found in the virtual environment beside it, with its packages', async () => {
    module(
      `${ANSWERS}import only_there\ndef answer(environ): return sys.prefix == ${JSON.stringify(place.path('venv'))}`,
    );
    makeEnvironment(place.path('venv'));
    const server = await startServer({ app: 'shop', flags: flagsFor(), env: { VIRTUAL_ENV: undefined } });
    expect((await fetchText(server.url)).text).to.equal('True');
    await server.stop();
  });

  it('gets pythonPath, chdir, env and its factory its arguments', async () => {
    module('VALUE = "from the path"\n', 'lib/elsewhere');
    module(
      `${ANSWERS}import elsewhere
def create_app(name, *, debug=False):
    global answer
    answer = lambda environ: [name, debug, elsewhere.VALUE, os.getcwd(), os.environ["COLOUR"], sys.argv[1:]]
    return application
`,
    );
    const config = {
      ...{ app: 'shop:create_app("a (b) :c", debug=True)', chdir: place.path(), python, pythonPath: ['lib'] },
      ...{ env: { COLOUR: 'grün' }, interface: 'wsgi' },
    };
    const server = await startServer({ config });
    const seen = `['a (b) :c', True, 'from the path', '${place.path()}', 'grün', []]`.replace(/\/'/, "'");
    expect((await fetchText(server.url)).text).to.equal(seen);
    await server.stop();
  });

  for (const preloadApp of [false, true]) {
    it(`is loaded ${preloadApp ? 'once, with' : 'by each process, without'} preloadApp`, async () => {
      module(`${ANSWERS}LOADED_BY = os.getpid()\ndef answer(environ): return LOADED_BY == os.getpid()`);
      const config = { app: 'shop', chdir: place.path(), python, processes: 2, preloadApp };
      const server = await startServer({ config });
      expect((await fetchText(server.url)).text).to.equal(preloadApp ? 'False' : 'True');
      await server.stop();
    });
  }

  it('answers as many requests at a time as it has threads, and is told', async () => {
    module(`${ANSWERS}import threading
BARRIER = threading.Barrier(3, timeout=5)
def answer(environ):
    BARRIER.wait()
    return environ["wsgi.multithread"], environ["wsgi.multiprocess"]
`);
    const server = await startServer({ app: 'shop', flags: flagsFor(['--python', python, '--threads', '3']) });
    const answers = await Promise.all([1, 2, 3].map(() => fetchText(server.url)));
    expect(answers.map(({ text }) => text)).to.deep.equal(Array(3).fill('(True, False)'));
    await server.stop();
  });

  for (const preloadApp of [false, true]) {
    it(`that is broken does not replace the one that serves (preloadApp: ${preloadApp})`, async () => {
      module(`${ANSWERS}def answer(environ): return "old"`);
      const config = { app: 'shop', chdir: place.path(), python, processes: 2, preloadApp };
      const server = await startServer({ config });
      module('raise RuntimeError("half an edit")\n');
      const { msg, ...line } = await reload(server, 'reload.aborted');
      expect(`${msg} ${JSON.stringify(line)} ${server.stderrText}`).to.contain('half an edit');
      expect((await fetchText(server.url)).text).to.equal("'old'");
      module(`${ANSWERS}def answer(environ): return "new"`);
      await reload(server);
      await eventually(async () => (await fetchText(server.url)).text === "'new'");
      await server.stop({ expectErrors: BOOT_ERRORS });
    });
  }

  it('that breaks while it serves is tried again, while requests wait', async () => {
    module(`${ANSWERS}def answer(environ): return os.getpid()`);
    const server = await startServer({ app: 'shop', flags: flagsFor(['--python', python, '--log-level', 'debug']) });
    module('raise RuntimeError("half an edit")\n');
    const pid = Number((await fetchText(server.url)).text);
    process.kill(pid, 'SIGKILL');
    const { error } = await server.event('python.notReady');
    expect(JSON.stringify(error)).to.contain('half an edit');
    const after = server.mark();
    const answer = fetchText(server.url);
    module(`${ANSWERS}def answer(environ): return "mended"`);
    await server.event('python.ready', undefined, { after });
    expect((await answer).text).to.equal("'mended'");
    await server.stop({ expectErrors: ['python.notReady', 'python.crashed'] });
  });
});

const BOOT_ERRORS: readonly LogEventName[] = ['reload.aborted', 'worker.bootFailed'];

function expectRefused(result: RunResult, words: RegExp): void {
  const { stderr, code } = result;
  const said = stderr
    .slice(stderr.lastIndexOf('\n{') + 1)
    .replace(/^\{.*\n/, '')
    .trimEnd();
  const [head, empty, ...rest] = said.split('\n');
  expect([head, empty]).to.deep.equal([NO_WORKER, '']);
  expect(rest.join('\n')).to.match(words);
  expect(rest.join('\n')).to.not.match(/host\.py|node:internal|dist\//);
  expect(code).to.equal(3);
}

function executable(path: string, script: string): string {
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A virtual environment as `venv` makes them, without pip: that takes seconds. */
function makeEnvironment(folder: string): void {
  const ask = 'import sys, os; print(os.path.realpath(sys.executable)); print("%d.%d" % sys.version_info[:2])';
  const [base = '', version] = spawnSync(pythonForTests().python, ['-c', ask], { encoding: 'utf8' }).stdout.split('\n');
  const packages = join(folder, 'lib', `python${version}`, 'site-packages');
  mkdirSync(packages, { recursive: true });
  mkdirSync(join(folder, 'bin'));
  symlinkSync(base, join(folder, 'bin', 'python'));
  writeFileSync(join(folder, 'pyvenv.cfg'), `home = ${dirname(base)}\n`);
  writeFileSync(join(packages, 'only_there.py'), '');
}
