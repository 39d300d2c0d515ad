import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { scratch } from '../support/scratch.ts';
import { fixture, runServer, type ServerOptions, startServer } from '../support/server.ts';

const hello = JSON.stringify(fixture('apps/hello.mjs'));
/** The same configuration as a JavaScript and JSON object; `VERSION` comes back from `GET /version`. */
const object = (version: string) =>
  `{ "app": ${hello}, "workers": 1, "env": { "VERSION": ${JSON.stringify(version)} } }`;
const yaml = (version: string) => `app: ${hello}\nworkers: 1\nenv:\n  VERSION: ${version}\n`;

/** Each file stands alone in a directory, where nobody has installed anything. */
const kinds: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'TypeScript and JavaScript': {
    'tsunicorn.conf.ts': `const config: { workers: number } = ${object('tsunicorn.conf.ts')};\nexport default config;`,
    'tsunicorn.conf.mts': `export default ${object('tsunicorn.conf.mts')} satisfies object;`,
    'tsunicorn.conf.js': `export default ${object('tsunicorn.conf.js')};`,
    'tsunicorn.conf.mjs': `export default ${object('tsunicorn.conf.mjs')};`,
    'tsunicorn.conf.cjs': `module.exports = ${object('tsunicorn.conf.cjs')};`,
  },
  'JSON, YAML, an rc file and a key of package.json': {
    'tsunicorn.conf.json': object('tsunicorn.conf.json'),
    'tsunicorn.conf.yaml': yaml('tsunicorn.conf.yaml'),
    '.tsunicornrc': yaml('.tsunicornrc'),
    'package.json': `{ "name": "shop", "tsunicorn": ${object('package.json')} }`,
  },
};

/** What a file may export besides an object. */
const exported: Readonly<Record<string, string>> = {
  'a function': `export default () => (${object('a function')});`,
  'an async function': `export default async () => { await null; return ${object('an async function')}; };`,
  defineConfig: `import { defineConfig } from 'tsunicorn';\nexport default defineConfig(${object('defineConfig')});`,
  'defineConfig of an async function':
    `import { defineConfig } from 'tsunicorn';\n` +
    `export default defineConfig(async () => (${object('defineConfig of an async function')}));`,
};

async function expectServes(version: string, options: ServerOptions): Promise<void> {
  const server = await startServer(options);
  expect((await fetchText(server.url, { path: '/version' })).text).to.equal(version);
  await server.stop();
}

describe('a config file', () => {
  const files = scratch();

  function write(name: string, text: string): string {
    const path = files.path(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  for (const [kind, texts] of Object.entries(kinds)) {
    it(`is found where the server is started, in ${kind}`, async () => {
      const serve = ([name, text]: readonly [string, string]) =>
        expectServes(name, { cwd: dirname(write(join(name.replace(/^\./, 'dot-'), name), text)) });
      await Promise.all(Object.entries(texts).map(serve));
    });
  }

  it('may export a function, sync or async, and import defineConfig where nothing is installed', async () => {
    const serve = ([what, text]: readonly [string, string]) =>
      expectServes(what, { cwd: dirname(write(join(what, 'tsunicorn.conf.ts'), text)) });
    await Promise.all(Object.entries(exported).map(serve));
  });

  it('may be named with -c, and then no other counts', async () => {
    write('tsunicorn.conf.json', object('found'));
    const named = write('conf/production.yaml', yaml('named'));
    await Promise.all([
      expectServes('named', { cwd: files.path(), flags: ['-c', 'conf/production.yaml'] }),
      expectServes('named', { cwd: files.path(), flags: [`--config=${named}`] }),
      expectServes('named', { cwd: files.path(), env: { TSUNICORN_CMD_ARGS: '-c conf/production.yaml' } }),
    ]);
  });
});

describe('the order of places', () => {
  const row = (stdout: string, name: string) => new RegExp(`^${name} +(\\S.*?) +# (.*)$`, 'm').exec(stdout)?.slice(1);
  const app = 'apps/hello.mjs';

  it('is default < file < variable < TSUNICORN_CMD_ARGS < flag', async () => {
    const config = { workers: 2, bind: '127.0.0.1:1' };
    const variable = { WEB_CONCURRENCY: '3', PORT: '5000' };
    const both = { ...variable, TSUNICORN_CMD_ARGS: '--workers 4 --bind 127.0.0.1:6000' };
    const flags = ['--print-config'];
    const runs = await Promise.all([
      runServer({ app, flags, config: { bind: '127.0.0.1:1' } }),
      runServer({ app, flags, config }),
      runServer({ app, flags, config, env: variable }),
      runServer({ app, flags, config, env: both }),
      runServer({ app, flags: [...flags, '-w', '5', '-b', '127.0.0.1:7000'], config, env: both }),
    ]);
    const [none, file, variables, words, flag] = runs.map(({ stdout }) =>
      ['workers', 'bind'].map((name) => row(stdout, name)),
    );
    expect(none?.[0]).to.deep.equal(['1', 'default']);
    expect(file?.[0]?.[0]).to.equal('2');
    expect(file?.[0]?.[1]).to.match(/^file \/\S+tsunicorn\.conf\.json$/);
    expect(file?.[1]?.[0]).to.equal('["127.0.0.1:1"]');
    expect(variables).to.deep.equal([
      ['3', 'environment WEB_CONCURRENCY'],
      ['["0.0.0.0:5000"]', 'environment PORT'],
    ]);
    expect(words).to.deep.equal([
      ['4', 'environment TSUNICORN_CMD_ARGS --workers'],
      ['["127.0.0.1:6000"]', 'environment TSUNICORN_CMD_ARGS --bind'],
    ]);
    expect(flag).to.deep.equal([
      ['5', 'flag --workers'],
      ['["127.0.0.1:7000"]', 'flag --bind'],
    ]);
    for (const run of runs) expect(run).to.include({ code: 0, stderr: '' });
  });

  it('is shown without secrets', async () => {
    const env = { API_KEY: 'hunter2', DATABASE_URL: 'postgres://shop:hunter2@db/shop', NODE_ENV: 'production' };
    const { code, stdout } = await runServer({
      app,
      config: { env },
      flags: ['--print-config', '-e', 'DB_PASSWORD=hunter2'],
    });
    expect(code).to.equal(0);
    expect(stdout)
      .to.include('"NODE_ENV":"production"')
      .and.to.include('postgres://shop:')
      .and.not.to.include('hunter2');
  });
});

describe('a config file that loops for ever at the start', () => {
  const files = scratch();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`is ended by ${signal}`, async () => {
      const looping = files.path('looping');
      const config = `require('node:fs').writeFileSync(${JSON.stringify(looping)}, ''); while (true);`;
      const server = await startServer({ config, waitFor: null });
      await eventually(() => existsSync(looping), { until: 'the file loops' });
      await server.stop({ signal, expectExit: { code: null, signal } });
    });
  }
});

describe('the command', () => {
  it('answers --help and --version, whatever else stands there, and starts nothing', async () => {
    const [help, version] = await Promise.all([
      runServer({ flags: ['--help', '--no-such-flag'] }),
      runServer({ flags: ['--workers', 'many', '--version'] }),
    ]);
    expect(help).to.include({ code: 0, stderr: '' });
    expect(help.stdout)
      .to.match(/^Usage: tsunicorn \[options\] TARGET\n/)
      .and.to.match(/^ {2}-w, --workers/m);
    expect(Math.max(...help.stdout.split('\n').map((line) => line.length))).to.be.at.most(100);
    expect(version).to.include({ code: 0, stderr: '' });
    expect(version.stdout).to.match(/^tsunicorn \d+\.\d+\.\d+\n$/);
  });
});
