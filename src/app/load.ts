import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { TsunicornError } from '../errors.ts';
import { describeThrown } from './describe.ts';
import { candidateFiles, parseTarget, type Target } from './target.ts';

/** Named exports that mean the application when there is no default one, in this order. */
const USUAL_NAMES = ['fetch', 'app', 'application', 'handler', 'server', 'listener'];

/** What a target exports, not yet looked at. */
export interface LoadedApplication {
  readonly file: string;
  readonly exportName: string;
  readonly value: unknown;
}

/**
 * Imports the file that `target` names, seen from `directory`. JavaScript goes through Node's own loader; TypeScript through jiti, on every
 * Node line, so that one application behaves the same everywhere (enums, decorators and path-less imports included).
 *
 * @throws TsunicornError `APP_NOT_FOUND`, `APP_LOAD` with the application's own error, or `APP_EXPORT`.
 */
export async function loadApplication(targetText: string, directory: string): Promise<LoadedApplication> {
  const target = parseTarget(targetText);
  const file = findFile(target, directory);
  const namespace = await importFile(file);
  return { file, ...pickExport(namespace, target, file) };
}

function findFile(target: Target, directory: string): string {
  const candidates = candidateFiles(resolve(directory, target.path));
  const found = candidates.find((file) => existsSync(file) && statSync(file).isFile());
  if (found !== undefined) return found;
  const message =
    `No application at "${target.path}": there is no such file in ${directory}, nor one with ` +
    `.js, .mjs, .cjs, .ts, .mts or .cts added. Give the path of the file that exports it, e.g. tsunicorn dist/server.js. ` +
    `If it is a module of Python, say --interface wsgi.`;
  throw new TsunicornError('APP_NOT_FOUND', message);
}

async function importFile(file: string): Promise<Record<string, unknown>> {
  try {
    if (/^\.[cm]?tsx?$/.test(extname(file))) return await importTypeScript(file);
    return await import(pathToFileURL(file).href);
  } catch (cause) {
    const text = syntaxErrorText(cause, file) ?? describeThrown(cause);
    throw new TsunicornError('APP_LOAD', text, { cause });
  }
}

async function importTypeScript(file: string): Promise<Record<string, unknown>> {
  // 6 MB and 60 ms that a JavaScript application does not pay.
  const { createJiti } = await import('jiti');
  // A cache only beside the application's own packages: a shared one in the temporary directory could be written by others.
  const modules = join(process.cwd(), 'node_modules');
  const fsCache = existsSync(modules) ? join(modules, '.cache', 'tsunicorn') : false;
  const jiti = createJiti(join(dirname(file), '_'), { fsCache, interopDefault: true, jsx: true });
  return await jiti.import(file);
}

/** Node keeps the position of a syntax error in an ES module to itself until nobody catches it; `node --check` prints it. */
function syntaxErrorText(thrown: unknown, file: string): string | null {
  if (!(thrown instanceof SyntaxError) || thrown.stack?.includes(file) === true) return null;
  const check = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: 10_000 });
  const [text] = (check.stderr ?? '').split(/\n\s+at /);
  return check.status === 0 || text === undefined || text.trim() === '' ? null : text.trimEnd();
}

function pickExport(
  namespace: Record<string, unknown>,
  target: Target,
  file: string,
): { exportName: string; value: unknown } {
  const main = unwrapDefault(namespace);
  if (target.exportName !== null) {
    const value = memberOf(namespace, target.exportName) ?? memberOf(main, target.exportName);
    if (value !== undefined && value !== null) return { exportName: target.exportName, value };
    const offered = Object.keys(namespace).join(', ') || 'nothing';
    const message = `${file} has no export "${target.exportName}"; it exports ${offered}. Correct the name after the colon.`;
    throw new TsunicornError('APP_EXPORT', message);
  }
  if (main !== undefined && !isEmptyObject(main)) return { exportName: 'default', value: main };
  for (const name of USUAL_NAMES) {
    const value = memberOf(namespace, name);
    if (value !== undefined) return { exportName: name, value };
  }
  const message =
    `${file} exports no application. Export a listener (req, res), an Express, Koa or Fastify app, an http.Server, or a function ` +
    `that makes one, as the default export or as "app". A program that calls listen() itself must export the app instead.`;
  throw new TsunicornError('APP_EXPORT', message);
}

/** The default export; compiled TypeScript in CommonJS wraps it a second time. */
function unwrapDefault(namespace: Record<string, unknown>): unknown {
  const value = namespace.default;
  return memberOf(value, '__esModule') === true ? memberOf(value, 'default') : value;
}

function memberOf(value: unknown, name: string): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  return Reflect.get(value, name);
}

/** What `module.exports` is in a CommonJS file that exports nothing. */
function isEmptyObject(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.getPrototypeOf(value) === Object.prototype &&
    Reflect.ownKeys(value).length === 0
  );
}
