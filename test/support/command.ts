import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MARK } from './family.ts';
import { pythonForTests } from './python.ts';

/** How to start the server. */
export interface CommandOptions {
  /**
   * TARGET. A path below `test/fixtures` (`'apps/hello.cjs'`, with `:export` if need be) becomes absolute, unless `cwd` is given; all
   * else (Python targets, files that are not there) is passed as it is.
   */
  readonly app?: string;
  /** Written into the temporary folder: a string as `tsunicorn.conf.ts`, an object as `tsunicorn.conf.json`; passed with `--config`. */
  readonly config?: string | object;
  /**
   * `--bind 127.0.0.1:0` is added where neither these nor the config bind anything, and `--log-format json` and `--settle-time 0`, which is
   * quicker, where they say nothing else.
   */
  readonly flags?: readonly string[];
  /** Default: the temporary folder. */
  readonly cwd?: string;
  /** Added to this process's environment, which is rid of what would configure a server; `undefined` removes. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Words in front of the command: a program that becomes the server by exec(3), or runs it. */
  readonly under?: readonly string[];
  /** The program in place of `dist/bin.js`: for the tests of this harness. */
  readonly bin?: string;
}

/** What to spawn. */
export interface Command {
  /** The first word: Node's path, as a rule. */
  readonly node: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Record<string, string | undefined>;
  /** A temporary folder of this server's own. */
  readonly dir: string;
  readonly pidFile: string | null;
  /** The value of the mark in the environment of all its processes. */
  readonly mark: string;
  /** Writes the config file anew, for a reload; in the language it was started with. */
  writeConfig(config: string | object): void;
  /** Removes the temporary folder. */
  remove(): void;
}

const projectDir = fileURLToPath(new URL('../..', import.meta.url));
const CONFIGURES =
  /^(TSUNICORN_.*|PORT|WEB_CONCURRENCY|FORWARDED_ALLOW_IPS|NODE_OPTIONS|LISTEN_.*|NOTIFY_SOCKET|WATCHDOG_.*)$/;

const anInterface = process.env.TSUNICORN_TEST_INTERFACE;
/** Where the twins in Python are, if these are wanted. For `flask` the plain ones stand in where there is none of Flask. */
const pythonDirs = { wsgi: ['wsgi'], flask: ['flask', 'wsgi'] }[anInterface ?? ''] ?? [];
const pythonPath = pythonDirs.map((name) => join(projectDir, 'test/fixtures/apps', name));
/** How many requests of a test may wait in one Python process, as they may in one event loop. */
const THREADS = 8;

/**
 * The absolute path of a file below `test/fixtures`. Where `TSUNICORN_TEST_INTERFACE` is set, of an application's twin in the folder of that
 * name in `apps`, if there is one: so the same tests run with another interface. A twin in Python is a module: `apps/hello.mjs` has the twin
 * `hello_mjs`, `broken/throws.mjs` the twin `broken.throws_mjs`.
 */
export function fixture(path: string): string {
  const module = path.replace(/^apps\//, '').replaceAll(/[.-]/g, '_');
  if (pythonPath.some((dir) => existsSync(join(dir, `${module}.py`)))) return module.replaceAll('/', '.');
  const twin = path.replace(/^apps\//, `apps/${anInterface}/`);
  const file = resolve(projectDir, 'test/fixtures', twin);
  return existsSync(file) ? file : resolve(projectDir, 'test/fixtures', path);
}

/** Makes the temporary folder and the command line. The caller owns the folder and removes it. */
export function prepareCommand(options: CommandOptions): Command {
  const bin = options.bin ?? process.env.TSUNICORN_TEST_BIN ?? join(projectDir, 'dist/bin.js');
  if (!existsSync(bin)) throw new Error(`${bin} is not there: build the server first (npm run build)`);
  const dir = mkdtempSync(join(tmpdir(), 'tsunicorn-test-'));
  const { app, config, flags = [], cwd = dir } = options;
  const configPath = join(dir, typeof config === 'string' ? 'tsunicorn.conf.ts' : 'tsunicorn.conf.json');
  const writeConfig = (value: string | object) =>
    writeFileSync(configPath, typeof value === 'string' ? value : JSON.stringify(value, null, 2));

  const args = [bin];
  if (config !== undefined) {
    writeConfig(config);
    args.push('--config', configPath);
  }
  if (!flags.some(isFlag('--bind', '-b')) && !bindsSomething(config)) args.push('--bind', '127.0.0.1:0');
  if (!flags.some(isFlag('--log-format'))) args.push('--log-format', 'json');
  if (!flags.some(isFlag('--settle-time')) && !settles(config)) args.push('--settle-time', '0');
  args.push(...flags);
  if (app !== undefined) args.push(options.cwd === undefined ? absoluteFixture(app) : app);

  const node = process.env.TSUNICORN_TEST_NODE ?? process.execPath;
  const [program = node, ...words] = [...(options.under ?? []), node, ...args];
  const pidFile = valueAfter(flags, '--pid-file', '-p') ?? pidFileOf(config);
  const mark = `${process.pid}-${dir.slice(-6)}`;
  return {
    node: program,
    args: words,
    cwd,
    env: { ...cleanEnvironment(), ...forPython(options), ...options.env, [MARK]: mark },
    dir,
    pidFile: pidFile === null ? null : resolve(cwd, pidFile),
    mark,
    writeConfig,
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

function cleanEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !CONFIGURES.test(name)));
}

function absoluteFixture(app: string): string {
  const [, path = app, suffix = ''] = /^(.*?)(:[^/]*)?$/.exec(app) ?? [];
  if (isAbsolute(path)) return app;
  const found = fixture(path);
  return isModule(found) || existsSync(found) ? `${found}${suffix}` : app;
}

/** A twin in Python, in difference to a path. */
function isModule(target: string): boolean {
  return /^[\w.]+_[cm]?js\b/.test(target);
}

/** What makes a server run the twins in Python: in the environment, so that what a test says itself wins. */
function forPython({ app, config }: CommandOptions): Record<string, string> {
  const target =
    app === undefined ? (/\bapp\W+([\w.]+)/.exec(JSON.stringify(config ?? ''))?.[1] ?? '') : absoluteFixture(app);
  if (pythonPath.length === 0 || !isModule(target)) return {};
  const flags = [
    '--interface wsgi',
    `--python ${pythonForTests().python}`,
    `--python-path ${pythonPath.join(',')}`,
    `--threads ${THREADS}`,
  ];
  return { TSUNICORN_CMD_ARGS: flags.join(' ') };
}

function bindsSomething(config: string | object | undefined): boolean {
  if (typeof config === 'string') return /\bbind\b/.test(config);
  return config !== undefined && 'bind' in config;
}

function settles(config: string | object | undefined): boolean {
  return /\bsettleTime\b/.test(JSON.stringify(config ?? ''));
}

function pidFileOf(config: string | object | undefined): string | null {
  return typeof config === 'object' && 'pidFile' in config && typeof config.pidFile === 'string'
    ? config.pidFile
    : null;
}

function isFlag(...names: string[]): (arg: string) => boolean {
  return (arg) => names.some((name) => arg === name || arg.startsWith(`${name}=`));
}

function valueAfter(flags: readonly string[], ...names: string[]): string | null {
  const index = flags.findIndex(isFlag(...names));
  const flag = flags[index];
  if (flag === undefined) return null;
  return flag.includes('=') ? flag.slice(flag.indexOf('=') + 1) : (flags[index + 1] ?? null);
}
