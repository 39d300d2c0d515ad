import { basename, extname } from 'node:path';
import { messageOf, TsunicornError } from '../errors.ts';
import type { ConfigFile } from './config-file.ts';
import { defineConfig } from './define-config.ts';
import { describeThrown } from './describe-thrown.ts';
import { kindOf } from './wording.ts';

/** The key of `package.json` that holds a configuration. */
export const PACKAGE_KEY = 'tsunicorn';

/** Files that are programs. */
export const SCRIPT_EXTENSIONS: readonly string[] = ['.ts', '.mts', '.js', '.mjs', '.cjs'];

/** What `import … from 'tsunicorn'` gives inside a config file, wherever this program is installed: the values of `src/index.ts`. */
export const publicModule = { defineConfig, TsunicornError };

/**
 * The object that a config file describes: what it exports, or what the function that it exports returns. Every call evaluates the text
 * and all that it imports from the project anew. Throws `CONFIG_UNREADABLE`.
 */
export async function evaluateConfig(file: ConfigFile): Promise<Readonly<Record<string, unknown>>> {
  const script = isScript(file);
  const { value } = script ? await evaluateScript(file) : { value: await parseData(file) };
  if (isPlainObject(value)) return value;
  const kind = value === undefined ? 'nothing' : kindOf(value);
  const made = script ? 'Export an object or a function that returns one' : 'Write an object of settings';
  throw unreadable(file, `it holds ${kind} instead of a configuration. ${made}, such as ${exampleOf(script)}.`);
}

/** Whether the file is a program, which alone can hold functions. */
export function isScript(file: ConfigFile): boolean {
  return SCRIPT_EXTENSIONS.includes(extname(file.path));
}

/** Parses JSON, with or without a byte order mark; the message of the error is one line. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new Error(messageOf(cause).replaceAll(/\s+/g, ' '), { cause });
  }
}

/** The part of a parsed `package.json` that is ours. */
export function packageConfig(content: unknown): unknown {
  return isPlainObject(content) && Object.hasOwn(content, PACKAGE_KEY) ? content[PACKAGE_KEY] : undefined;
}

async function evaluateScript(file: ConfigFile): Promise<Exported> {
  let exported: Exported | null;
  try {
    exported = await runScript(file);
  } catch (cause) {
    throw unreadable(file, `${describeThrown(cause)} Correct the file; "tsunicorn --check-config" tests it.`, cause);
  }
  if (exported === null) throw unreadable(file, `it exports no configuration. Add ${exampleOf(true)}.`);
  return exported;
}

/** Boxed, because an async function would silently await an exported promise, which is a fault. */
interface Exported {
  readonly value: unknown;
}

async function runScript(file: ConfigFile): Promise<Exported | null> {
  // Loaded on demand: a server that is configured by flags or JSON never pays for a compiler.
  const { createFreshLoader, forgettingRequired } = await import('./fresh-imports.ts');
  return forgettingRequired(async () => {
    const { jiti, cache } = createFreshLoader({ tsunicorn: publicModule });
    const options = { filename: file.path, ext: extname(file.path), async: true, forceTranspile: true, cache };
    const exported = exportOf(await jiti.evalModule(file.source, options));
    return typeof exported?.value === 'function' ? { value: await exported.value() } : exported;
  });
}

/** The default export; of CommonJS, `module.exports`. */
function exportOf(exports: unknown): Exported | null {
  if (typeof exports !== 'object' || exports === null) return { value: exports };
  if ('default' in exports) return { value: exports.default };
  return '__esModule' in exports || Object.keys(exports).length === 0 ? null : { value: exports };
}

async function parseData(file: ConfigFile): Promise<unknown> {
  try {
    if (extname(file.path) === '.json') {
      const content = parseJson(file.source);
      return basename(file.path) === 'package.json' ? packageConfig(content) : content;
    }
    const { defaultLoaders } = await import('cosmiconfig');
    // A file without an ending may hold either: JSON is YAML.
    return defaultLoaders['.yaml'](file.path, file.source);
  } catch (cause) {
    throw unreadable(file, `${describeThrown(cause)} Correct the file.`, cause);
  }
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Promise);
}

function exampleOf(script: boolean): string {
  return script ? '"export default defineConfig({ workers: 2 });"' : '"workers: 2" (YAML) or { "workers": 2 } (JSON)';
}

function unreadable(file: ConfigFile, why: string, cause?: unknown): TsunicornError {
  return new TsunicornError('CONFIG_UNREADABLE', `Cannot use the config file ${file.path}: ${why}`, { cause });
}
