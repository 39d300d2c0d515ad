import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { transform } from 'esbuild';
import { flagSpecs } from '../../src/config/flag-table.ts';
import { gunicornAnswer } from '../../src/config/gunicorn.ts';
import { findHook } from '../../src/config/hooks.ts';
import { CMD_ARGS } from '../../src/config/layer.ts';
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts';
import { nearestName, plainName } from '../../src/config/nearest.ts';
import { findSetting, settingNames, settings } from '../../src/config/settings/index.ts';
import { errorCodes } from '../../src/errors.ts';
import { logEvents } from '../../src/logging/events.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const filesBelow = (folder: string, ending: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !/node_modules|\.venv/.test(name))
    .map((name) => `${folder}/${name}`);

const topLevel = (folder: string): string[] => readdirSync(join(root, folder)).filter((name) => name.endsWith('.md'));

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm;

/** A page taken apart: its prose, its fenced blocks, and what stands in backticks. */
function pageAt(path: string) {
  const text = read(path);
  const blocks = [...text.matchAll(FENCE)].map(([, language = '', code = '']) => ({ path, language, code }));
  const prose = text.replaceAll(FENCE, '');
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  const rows = prose
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));
  return {
    path,
    prose,
    blocks,
    spans,
    rows,
    anchors: [...prose.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => slug(title)),
  };
}

/** As GitHub makes an anchor of a heading. */
function slug(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

const guide = ['README.md', ...filesBelow('docs/guide', '.md')].map(pageAt);
const pages = [
  ...guide,
  ...[...topLevel('.'), ...topLevel('docs').map((name) => `docs/${name}`)]
    .filter((path) => path !== 'README.md')
    .map(pageAt),
  ...filesBelow('examples', '.md').map(pageAt),
];
const gunicornPage = 'docs/guide/coming-from-gunicorn.md';
const codeIn = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

/** The flags in a command line, where it is one of ours. */
function flagsIn(line: string): string[] {
  const command = line.replace(/^(\w+=\S+ )*(npx )?/, '').replace(/^node dist\/bin\.js/, 'tsunicorn');
  const ours = /^(tsunicorn\b|-)/.test(command) ? command : (/^npm start .*?-- (.*)$/.exec(command)?.[1] ?? '');
  return ours.split(/\s+/).flatMap((word) => (/^--?[a-z]/.test(word) ? (word.split('=')[0] ?? []) : []));
}

/** Loads a config file as the server does. An application is given, so that a file need not name one. */
async function loadFile(path: string): Promise<LoadedConfig> {
  const flags = new Map([['app', { value: './app.ts', source: 'argument TARGET' }]]);
  return await loadConfig({ flags, configPath: path, cwd: root, env: {} });
}

async function loadText(text: string): Promise<LoadedConfig> {
  const dir = mkdtempSync(join(tmpdir(), 'tsunicorn-docs-'));
  try {
    writeFileSync(join(dir, 'tsunicorn.conf.ts'), text);
    return await loadFile(join(dir, 'tsunicorn.conf.ts'));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

describe('links in the documentation', () => {
  it('lead to files and headings that are there', () => {
    const links = pages.flatMap(({ path, prose }) =>
      [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ path, target })),
    );
    expect(links.length).to.be.greaterThan(40);
    const dead = links.filter(({ path, target }) => {
      if (/^https?:/.test(target)) return false;
      const [file = '', anchor] = target.split('#');
      const found = file === '' ? join(root, path) : resolve(root, dirname(path), file);
      if (!existsSync(found)) return true;
      return anchor !== undefined && !pageAt(found.slice(root.length)).anchors.includes(anchor);
    });
    expect(dead).to.deep.equal([]);
  });
});

describe('names in README and guide', () => {
  /** Of the events about Python processes. */
  const logFields = ['pythonPid', 'lostRequests', 'lastWords'];
  /** Of `worker.timeout`. */
  const evidenceFields = ['noStack', 'requestsInFlight', 'cpuSeconds'];
  /** In backticks, but neither a setting nor a hook. */
  const otherWords = [
    'defineConfig',
    'buildApp',
    'createServer',
    'uncaughtException',
    'unhandledRejection',
    ...logFields,
    ...evidenceFields,
  ];
  const otherVariables = [
    ...['FORWARDED_ALLOW_IPS', 'GUNICORN_CMD_ARGS', 'NODE_OPTIONS', 'NODE_ENV', 'UV_USE_IO_URING'],
    ...['LISTEN_FDS', 'NOTIFY_SOCKET'],
  ];
  /** Keys of the environ stand in the code of the WSGI interface; what Django calls its own, in the example. */
  const wsgi = [
    ...['environ.ts', 'host.py', 'interpreter.ts', 'service.ts'].map((name) => `src/app/interfaces/wsgi/${name}`),
    'examples/django/README.md',
  ].map(read);
  const spans = guide.flatMap(({ path, spans, rows }) => {
    // What Gunicorn has is checked below.
    const foreign = path === gunicornPage ? rows.flatMap((row) => codeIn(row[1])) : [];
    return spans
      .filter((span) => !foreign.includes(span) || findSetting(span) !== undefined)
      .map((span) => ({ path, span }));
  });
  const wrong = (isName: RegExp, isKnown: (name: string) => boolean) => {
    const names = spans.filter(({ span }) => isName.test(span));
    expect(names.length).to.be.greaterThan(5);
    return names.filter(({ span }) => !isKnown(span));
  };

  it('of flags are flags', () => {
    const shell = guide.flatMap(({ path, blocks }) =>
      blocks.filter(({ language }) => language === 'sh').map(({ code }) => ({ path, span: code })),
    );
    const used = [...spans, ...shell].flatMap(({ path, span }) =>
      span.split('\n').flatMap((line) => flagsIn(line).map((flag) => ({ path, flag }))),
    );
    const foreign = ['-k', '-D', '-u', '-g', '-m', '-R', '--inspect'];
    expect(used.length).to.be.greaterThan(10);
    expect(used.filter(({ flag }) => !flagSpecs.has(flag) && !foreign.includes(flag))).to.deep.equal([]);
  });

  it('of settings and hooks are settings and hooks', () => {
    const isKnown = (name: string) => findSetting(name) !== undefined || findHook(name) !== undefined;
    expect(wrong(/^[a-z]+([A-Z][a-z]+)+$/, (name) => isKnown(name) || otherWords.includes(name))).to.deep.equal([]);
    expect(
      spans.filter(({ span }) => /^[a-z]\w*: /.test(span) && !isKnown(/^\w+/.exec(span)?.[0] ?? '')),
    ).to.deep.equal([]);
  });

  it('of log events are log events', () => {
    const prefixes = new Set(Object.keys(logEvents).map((name) => name.split('.')[0]));
    const isEvent = /^[a-zA-Z]+\.(?!(?:[cm]?[jt]s|py|json|md|pid|log|sock)$)[a-zA-Z]+$/;
    const known = (name: string) => name in logEvents || !prefixes.has(name.split('.')[0]);
    expect(wrong(isEvent, known)).to.deep.equal([]);
  });

  it('of error codes and environment variables are such', () => {
    const variables = [
      ...settings.flatMap(({ environment }) => environment?.variable ?? []),
      CMD_ARGS,
      ...otherVariables,
    ];
    const known = (name: string) =>
      name in errorCodes ||
      variables.includes(name) ||
      findSetting(name) !== undefined ||
      /^HTTP_[A-Z]/.test(name) ||
      wsgi.some((text) => text.includes(name));
    expect(wrong(/^[A-Z]+(_[A-Z]+)+$/, known)).to.deep.equal([]);
  });
});

describe('tables in the guide', () => {
  const signalsIn = (path: string) => [
    ...new Set([...read(path).matchAll(/'SIG([A-Z0-9]+)'/g)].map(([, name]) => name)),
  ];

  it('give every error code a row in troubleshooting', () => {
    const told = pageAt('docs/guide/troubleshooting.md').spans;
    expect(Object.keys(errorCodes).filter((code) => !told.includes(code))).to.deep.equal([]);
  });

  it('give every event that warns a place in troubleshooting or beside it', () => {
    const told = guide.flatMap(({ spans }) => spans);
    const loud = Object.entries(logEvents).filter(([, { level }]) => level === 'warn' || level === 'error');
    expect(loud.map(([name]) => name).filter((name) => !told.includes(name) && name !== 'server.failed')).to.deep.equal(
      [],
    );
  });

  it('name just the signals that master and workers handle', () => {
    const { prose } = pageAt('docs/guide/signals.md');
    const [, master = '', worker = ''] = prose.split(/^## /m);
    const named = (part: string) =>
      [...part.matchAll(/^\| ([A-Z0-9, ]+) \|/gm)].flatMap(([, cell = '']) => cell.split(', ')).sort();
    expect(named(master)).to.deep.equal(signalsIn('src/master/signals.ts').sort());
    expect(named(worker)).to.deep.equal(signalsIn('src/worker/signals.ts').sort());
  });

  it('give the exit codes of the code', () => {
    const codes = pageAt('README.md').rows.flatMap((row) => (/^\d$/.test(row[1] ?? '') ? Number(row[1]) : []));
    expect(codes).to.deep.equal([0, ...new Set(Object.values(errorCodes).map(({ exitCode }) => exitCode))].sort());
  });

  it('answer for Gunicorn what the program answers', () => {
    const names = [...settingNames];
    const known = (name: string) => flagSpecs.has(name) || findSetting(name) !== undefined;
    const wrong: string[] = [];
    let section = '';
    for (const line of read(gunicornPage).split('\n')) {
      if (line.startsWith('## ')) section = line.slice(3);
      const [, first, second] = line.split('|');
      const [theirs, ours] = [codeIn(first), codeIn(second)];
      if (!line.startsWith('|') || theirs.length === 0) continue;
      if (section === 'Left out on purpose' || section === 'Not in this release') {
        const answer = section === 'Left out on purpose' ? /left out on purpose/ : /not in this release/;
        wrong.push(...theirs.filter((name) => !answer.test(gunicornAnswer(name) ?? '')));
      } else if (section === 'Flags') {
        wrong.push(
          ...(ours.length === 0 && !/the same/.test(second ?? '') ? theirs : ours).filter((name) => !known(name)),
        );
        if (/the same/.test(second ?? '')) wrong.push(...theirs.filter((name) => !known(name)));
      } else if (section === 'Settings') {
        for (const name of theirs) {
          const near = gunicornAnswer(name) ?? nearestName(name, names);
          const right = plainName(name) === plainName(ours[0] ?? '') || near?.includes(ours[0] ?? '-');
          if (!known(ours[0] ?? '') || right !== true) wrong.push(name);
        }
      }
    }
    expect(wrong).to.deep.equal([]);
  });
});

describe('code blocks in README and guide', () => {
  const reference = pages.filter(({ path }) => path === 'docs/settings.md' || path === 'docs/hooks.md');
  const blocks = [...guide, ...reference].flatMap((page) => page.blocks);

  it('say their language', () => {
    const languages = ['sh', 'ts', 'js', 'json', 'nginx', 'python', 'text'];
    expect(blocks.filter(({ language }) => !languages.includes(language))).to.deep.equal([]);
  });

  for (const { path, language, code } of blocks.filter((block) => block.language === 'ts' || block.language === 'js')) {
    const lines = code.split('\n');
    const title = lines.find((line) => line.startsWith('export')) ?? lines[0];
    it(`parse: ${path}, ${title}`, () => transform(code, { loader: language === 'ts' ? 'ts' : 'js', format: 'esm' }));
    if (code.includes('defineConfig(')) it(`are a valid config: ${path}, ${title}`, () => loadText(code));
  }
});

describe('files in config/', () => {
  const names = readdirSync(join(root, 'config'));
  const production = () => loadFile(join(root, 'config/production.conf.ts')).then(({ config }) => config);
  const secondsOf = (key: RegExp, path: string) => Number(key.exec(read(path))?.[1]);

  it('are shown in README and guide', () => {
    const text = guide.map(({ prose }) => prose).join('\n');
    expect(names.length).to.be.greaterThan(4);
    expect(names.filter((name) => !text.includes(`config/${name})`))).to.deep.equal([]);
  });

  for (const name of names.filter((candidate) => candidate.endsWith('.conf.ts'))) {
    it(`load without a fault: ${name}`, () => loadFile(join(root, 'config', name)));
  }

  it('fit together: tsunicorn.service lets a drain end, reloads by HUP and hears notices', async () => {
    const text = read('config/tsunicorn.service');
    const { bootTimeout, gracefulTimeout, pidFile } = await production();
    expect(secondsOf(/^TimeoutStopSec=(\d+)$/m, 'config/tsunicorn.service')).to.be.greaterThan(gracefulTimeout);
    expect(secondsOf(/^TimeoutStartSec=(\d+)$/m, 'config/tsunicorn.service')).to.be.greaterThan(bootTimeout);
    const needed = ['Type=notify', 'NotifyAccess=all', 'KillMode=mixed', 'ExecReload=/bin/kill -HUP $MAINPID'];
    for (const line of needed) expect(text.split('\n')).to.include(line);
    expect(pidFile).to.match(new RegExp(`^/run/${/^RuntimeDirectory=(.*)$/m.exec(text)?.[1]}/`));
    const [, words = ''] = /^ExecStart=\S*node \S*\/dist\/bin\.js (.*)$/m.exec(text) ?? [];
    expect(flagsIn(`tsunicorn ${words}`).filter((flag) => !flagSpecs.has(flag))).to.deep.equal([]);
    expect(words).to.contain('--config ');
  });

  it('fit together: tsunicorn.socket listens where production.conf.ts binds, in a directory that stays', async () => {
    const { bind, backlog } = await production();
    const lines = read('config/tsunicorn.socket').split('\n');
    const path = bind[0]?.replace('unix:', '');
    expect(lines).to.include.members([`ListenStream=${path}`, 'SocketMode=0660', `Backlog=${backlog}`]);
    expect(read('config/tsunicorn.service').split('\n')).to.include('RuntimeDirectoryPreserve=yes');
  });

  it('fit together: nginx.conf asks the socket of production.conf.ts and gives connections up first', async () => {
    const text = read('config/nginx.conf');
    const { bind, keepAlive } = await production();
    expect(text).to.contain(`server ${bind[0]};`);
    expect(secondsOf(/^ *keepalive_timeout (\d+)s;$/m, 'config/nginx.conf')).to.be.lessThan(keepAlive);
    for (const line of ['proxy_http_version 1.1;', 'proxy_set_header Connection "";']) expect(text).to.contain(line);
    expect(text.split('{').length).to.equal(text.split('}').length);
  });

  it('fit together: logrotate rotates the access log and signals the pid file of production.conf.ts', async () => {
    const text = read('config/logrotate');
    const { accessLog, pidFile } = await production();
    expect(accessLog?.startsWith(/^(\S+)\*\.log \{$/m.exec(text)?.[1] ?? '?')).to.equal(true);
    expect(text).to.contain(`kill -USR1 "$(cat ${pidFile})"`);
  });
});

describe("the README's commands", () => {
  const commands = guide[0]?.blocks.filter(({ language }) => language === 'sh').map(({ code }) => code.trim()) ?? [];
  const scripts: Record<string, string> = JSON.parse(read('package.json')).scripts;

  it('to start and to test are npm start and npm test, and .ci/run calls the latter', () => {
    expect(commands.slice(0, 2)).to.deep.equal(['npm start', 'npm test']);
    expect(read('.ci/run').split('\n')).to.include(commands[1]);
  });

  it('and those of CONTRIBUTING.md are scripts of package.json', () => {
    const used = pages.flatMap(({ spans }) => spans).flatMap((span) => /^npm (?:run )?(\w+)$/.exec(span)?.[1] ?? []);
    expect(used).to.include.members(['ok', 'test', 'coverage', 'bench', 'soak']);
    expect(used.filter((name) => scripts[name] === undefined)).to.deep.equal([]);
  });
});
