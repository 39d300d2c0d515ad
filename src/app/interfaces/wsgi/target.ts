import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { TsunicornError } from '../../../errors.ts';
import { candidateFiles, parseTarget } from '../../target.ts';

/** What a text says of a Python application, before Python is asked. */
export type PythonTarget =
  /** `target` is what the host takes: `module[:callable]`. */
  | { readonly kind: 'module'; readonly module: string; readonly target: string }
  /** Python was meant, but written as nothing that can be imported; `repair` says what to write. */
  | { readonly kind: 'path'; readonly path: string; readonly repair: string };

const MODULE = /^[\p{ID_Start}_][\p{ID_Continue}]*(\.[\p{ID_Start}_][\p{ID_Continue}]*)*$/u;
/** A name, or a call of one: the host reads the arguments. */
const CALLABLE = /^[\p{ID_Start}_][\p{ID_Continue}]*(\.[\p{ID_Start}_][\p{ID_Continue}]*)*(\(.*\))?$/u;
const JAVASCRIPT = /\.[cm]?[jt]sx?$/;

/** Reads `module`, `module:callable`, `module:factory()` and `file.py[:callable]`; `null` for what cannot be Python. */
export function parsePythonTarget(text: string): PythonTarget | null {
  const colon = text.indexOf(':');
  const name = colon === -1 ? text : text.slice(0, colon);
  const callable = colon === -1 ? null : text.slice(colon + 1);
  if (callable !== null && !CALLABLE.test(callable)) return null;
  const suffix = callable === null ? '' : `:${callable}`;
  if (name.endsWith('.py')) return parsePath(name, suffix);
  return MODULE.test(name) && !JAVASCRIPT.test(name)
    ? { kind: 'module', module: name, target: `${name}${suffix}` }
    : null;
}

function parsePath(path: string, suffix: string): PythonTarget | null {
  const parts = path
    .slice(0, -'.py'.length)
    .split('/')
    .filter((part) => part !== '.');
  const module = parts.join('.');
  const [last = ''] = parts.slice(-1);
  if (parts.length === 1 && MODULE.test(module)) return { kind: 'module', module, target: `${module}${suffix}` };
  const folder = path.slice(0, Math.max(1, path.lastIndexOf('/')));
  const name = last === '__init__' ? parts.slice(0, -1).join('.') : module;
  if (!MODULE.test(last)) {
    return { kind: 'path', path, repair: `Python cannot import a file of that name: give it the name of a module` };
  }
  const byFolder = `name it "${last}${suffix}" and set "chdir" or "pythonPath" to "${folder}"`;
  return { kind: 'path', path, repair: MODULE.test(name) ? `Write "${name}${suffix}", or ${byFolder}` : byFolder };
}

/**
 * The target as the host takes it.
 *
 * @throws TsunicornError `APP_NOT_FOUND` when it names no module.
 */
export function pythonTargetOf(text: string): string {
  const parsed = parsePythonTarget(text);
  if (parsed?.kind === 'module') return parsed.target;
  const why =
    parsed === null
      ? 'is no Python module, and no callable in one. Write it as "package.module:callable"'
      : `is a path, and Python imports modules. ${parsed.repair[0]?.toUpperCase()}${parsed.repair.slice(1)}`;
  throw new TsunicornError('APP_NOT_FOUND', `The Python application "${text}" ${why}.`);
}

/**
 * Whether a target means a Python application. A file of JavaScript or TypeScript that is there wins. Else it does when the module is
 * there, or when its form can mean nothing else: an application may well be an installed package.
 */
export function isPythonTarget(
  text: string,
  places: { readonly directory: string; readonly pythonPath?: readonly string[] },
): boolean {
  const { directory, pythonPath = [] } = places;
  const python = parsePythonTarget(text);
  if (python === null || isJavaScriptThere(text, directory)) return false;
  if (python.kind === 'path') return true;
  const where = [directory, ...pythonPath.map((path) => resolve(directory, path))];
  if (where.some((folder) => isModuleThere(folder, python.module))) return true;
  return python.target.includes('.') || python.target.endsWith(')') || text.split(':')[0]?.endsWith('.py') === true;
}

function isJavaScriptThere(text: string, directory: string): boolean {
  const { path } = parseTarget(text);
  return candidateFiles(resolve(directory, path)).some((file) => !file.endsWith('.py') && isFile(file));
}

function isModuleThere(folder: string, module: string): boolean {
  const path = join(folder, ...module.split('.'));
  return isFile(`${path}.py`) || isFile(join(path, '__init__.py'));
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}
