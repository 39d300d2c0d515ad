import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createJiti, type Jiti, type ModuleCache, type TransformOptions, type TransformResult } from 'jiti';

/** What the code of a module is run with instead of jiti's own import. */
type Import = (id: string, options?: object) => Promise<unknown>;

const BRIDGE = 'tsunicorn:fresh-imports';
const STRICT = '"use strict";';
const PRELUDE = `jitiImport=(await jitiImport(${JSON.stringify(BRIDGE)})).bridge(jitiESMResolve,jitiImport);`;

const nodeCache = createRequire(import.meta.url).cache;
const plain = createJiti(import.meta.url, { moduleCache: false, fsCache: false, interopDefault: false });

/**
 * A loader that knows no module yet, and the place where it keeps those it loads.
 *
 * jiti alone is not enough: it hands `.mjs`, `.cjs` and many `.js` files to Node's own loader, which never forgets a module, so that a
 * reload would see the file of the first start. So every module gets a first statement that puts our import in the place of jiti's; ours
 * has the files of the project evaluated from their text of now. Packages in `node_modules` stay with Node.
 */
export function createFreshLoader(virtualModules: Record<string, unknown>): { jiti: Jiti; cache: ModuleCache } {
  const cache: ModuleCache = {};
  const bridge = (resolve: (id: string) => string, original: Import): Import => {
    return async (id, options) => {
      const path = projectScript(id, resolve);
      if (path !== null && cache[path] === undefined) {
        const text = await readFile(path, 'utf8');
        await jiti.evalModule(text, { filename: path, ext: extname(path), async: true, forceTranspile: true, cache });
      }
      return withDefault(await original(id, options));
    };
  };
  const jiti = createJiti(import.meta.url, {
    moduleCache: false,
    fsCache: false,
    interopDefault: false,
    virtualModules: { ...virtualModules, [BRIDGE]: { bridge } },
    transform: transformWithPrelude,
  });
  return { jiti, cache };
}

/** Makes Node forget the project's files that `load` had it `require` (CommonJS and JSON), so that the next load reads them again. */
export async function forgettingRequired<T>(load: () => Promise<T>): Promise<T> {
  const before = new Set(Object.keys(nodeCache));
  try {
    return await load();
  } finally {
    for (const path of Object.keys(nodeCache)) {
      if (!before.has(path) && !isPackage(path)) delete nodeCache[path];
    }
  }
}

/** On one line, so that positions in error messages stay true. */
function transformWithPrelude(options: TransformOptions): TransformResult {
  const code = plain.transform(options);
  if (options.async !== true) return { code };
  return { code: code.startsWith(STRICT) ? `${STRICT}${PRELUDE}${code.slice(STRICT.length)}` : `${PRELUDE}${code}` };
}

function projectScript(id: string, resolve: (id: string) => string): string | null {
  try {
    const url = resolve(id);
    const path = url.startsWith('file:') ? fileURLToPath(url) : url;
    return /\.[cm]?js$/.test(path) && !isPackage(path) ? path : null;
  } catch {
    // Not found: the original import says so better.
    return null;
  }
}

function isPackage(path: string): boolean {
  return /[\\/]node_modules[\\/]/.test(path);
}

/** `import x from './common.cjs'`: what a CommonJS file exports is the default export too. */
function withDefault(exports: unknown): unknown {
  const isModule = typeof exports === 'object' && exports !== null && ('default' in exports || '__esModule' in exports);
  if (isModule) return exports;
  return typeof exports === 'object' || typeof exports === 'function'
    ? { ...exports, default: exports }
    : { default: exports };
}
