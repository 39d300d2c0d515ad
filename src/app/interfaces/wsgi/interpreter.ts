import { execFile } from 'node:child_process';
import { accessSync, constants, lstatSync, readlinkSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { errnoOf, TsunicornError } from '../../../errors.ts';

/** A Python that was run once and is new enough. */
export interface Interpreter {
  /** Absolute. A virtual environment is known by it: the link is not followed. */
  readonly path: string;
  /** `'3.11.7'` */
  readonly version: string;
  /** `sys.prefix`: the directory of the virtual environment, or of the installation. */
  readonly prefix: string;
}

/** What is looked for, and where. */
export interface InterpreterSearch {
  /** The setting `python`. */
  readonly python: string;
  /** What relative paths are relative to, and where a virtual environment may lie: `chdir`. */
  readonly directory: string;
  /** The environment of the worker: `PATH`, `VIRTUAL_ENV`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How long the interpreter may take to tell its version. */
  readonly patienceMs?: number;
}

/** The default of the setting `python`. It may be a virtual environment nearby; whoever wants none names another one. */
const DEFAULT_PYTHON = 'python3';
/** As many as Linux follows (path_resolution(7)). */
const MOST_LINKS = 40;
const NEARBY = ['.venv', 'venv'];
const OLDEST_MINOR = 9;
const PATIENCE_MS = 20_000;
/** Python 2 has to understand it too. What a `sitecustomize` prints may stand before it. */
const PROGRAM =
  'import sys; sys.stdout.write("\\ntsunicorn %d.%d.%d %s\\n" % (tuple(sys.version_info[:3]) + (sys.prefix,)))';
const ANSWER = /^tsunicorn (\d+)\.(\d+)\.(\d+) (.*)$/m;

/**
 * Finds the interpreter and asks it for its version.
 *
 * @throws TsunicornError `PYTHON_UNUSABLE`
 */
export async function findInterpreter(search: InterpreterSearch): Promise<Interpreter> {
  const path = locateInterpreter(search);
  const answer = await ask(path, search);
  const [, major, minor, patch, prefix = ''] = ANSWER.exec(answer) ?? [];
  if (major === undefined) {
    throw unusable(
      `${path} is no Python: asked for its version, it answers ${quote(answer)}. Correct the setting "python".`,
    );
  }
  const version = `${major}.${minor}.${patch}`;
  if (Number(major) < 3 || (Number(major) === 3 && Number(minor) < OLDEST_MINOR)) {
    throw unusable(
      `${path} is Python ${version}, and 3.${OLDEST_MINOR} or newer is needed. Name a newer one in the setting "python", for example /usr/bin/python3.`,
    );
  }
  return { path, version, prefix };
}

/**
 * The path of the interpreter that the setting means.
 *
 * @throws TsunicornError `PYTHON_UNUSABLE` when it is not there.
 */
export function locateInterpreter({ python, directory, env }: InterpreterSearch): string {
  if (python === DEFAULT_PYTHON && (env.VIRTUAL_ENV ?? '') === '') {
    const nearby = NEARBY.map((name) => join(directory, name)).find((folder) => isThere(interpreterIn(folder)));
    if (nearby !== undefined) return fromEnvironment(nearby);
  }
  const path = resolve(directory, python);
  if (isDirectory(path) && (python.includes('/') || isThere(interpreterIn(path)))) return fromEnvironment(path);
  return python.includes('/') ? fromPath(path) : fromSearchPath(python, env.PATH ?? '');
}

function interpreterIn(folder: string): string {
  return join(folder, 'bin', 'python');
}

function fromEnvironment(folder: string): string {
  const path = interpreterIn(folder);
  if (isExecutable(path)) return path;
  if (!isThere(path)) {
    throw unusable(
      `${folder} is no virtual environment: it has no bin/python. Make one with "python3 -m venv ${folder}", or correct the setting "python".`,
    );
  }
  if (isClosed(path)) {
    throw unusable(
      `The virtual environment ${folder} can not be used by the user of the workers: they may not reach what its bin/python leads to (${realTarget(path)}). Make it of a Python that they may run, or let them in.`,
    );
  }
  const target = linkTarget(path);
  const why = target === null ? 'may not be executed' : `leads to ${target}, which is not there any more`;
  throw unusable(
    `The virtual environment ${folder} is broken: its bin/python ${why}. Make it anew with "python3 -m venv --clear ${folder}" and install its packages again.`,
  );
}

function fromPath(path: string): string {
  if (isExecutable(path)) return path;
  const why = isClosed(path)
    ? 'may not be reached by the user of the workers'
    : isThere(path)
      ? 'cannot be executed'
      : 'is not there';
  throw unusable(
    `The Python interpreter ${path} ${why}. Correct the setting "python": the path of an interpreter, or the directory of a virtual environment.`,
  );
}

function fromSearchPath(name: string, searchPath: string): string {
  const folders = searchPath.split(':').filter((folder) => folder !== '');
  const found = folders.map((folder) => resolve(folder, name)).find(isExecutable);
  if (found !== undefined) return found;
  throw unusable(
    `There is no ${name} in any directory of PATH (${searchPath || 'which is empty'}). Install Python 3.${OLDEST_MINOR} or newer, or set "python" to the path of an interpreter or the directory of a virtual environment.`,
  );
}

function ask(path: string, { directory, env, patienceMs = PATIENCE_MS }: InterpreterSearch): Promise<string> {
  const options = {
    cwd: directory,
    env,
    encoding: 'utf8',
    timeout: patienceMs,
    killSignal: 'SIGKILL',
    maxBuffer: 64 * 1024,
  } as const;
  return new Promise((settle, reject) => {
    execFile(path, ['-c', PROGRAM], options, (error, stdout, stderr) => {
      if (error === null) return settle(stdout);
      const why =
        error.killed === true ? `it did not answer within ${patienceMs / 1000} s` : (lastLine(stderr) ?? error.message);
      reject(
        unusable(
          `${path} cannot be used: ${why.replace(/\.$/, '')}. Try ${path} --version, and correct the setting "python".`,
        ),
      );
    });
  });
}

function lastLine(text: string): string | null {
  return text.trim().split('\n').at(-1)?.slice(0, 500) || null;
}

function quote(text: string): string {
  return JSON.stringify(text.trim().slice(0, 200));
}

function unusable(message: string): TsunicornError {
  return new TsunicornError('PYTHON_UNUSABLE', message);
}

/** Also a link that leads nowhere, and what lies where this user may not look, is there. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
}

/** Whether a directory on the way there, or to where the link leads, may not be entered. */
function isClosed(path: string): boolean {
  try {
    statSync(path, { throwIfNoEntry: false });
    return false;
  } catch (error) {
    return errnoOf(error) === 'EACCES';
  }
}

/** As far as the links can be followed. */
function realTarget(path: string): string {
  let at = path;
  for (let links = 0; links < MOST_LINKS; links += 1) {
    try {
      at = resolve(dirname(at), readlinkSync(at));
    } catch {
      break;
    }
  }
  return at;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Where the link leads, when that is not there; `null` when the file is. */
function linkTarget(path: string): string | null {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return null;
  return readlinkSync(path);
}
