import { readFile, stat } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import { cosmiconfig } from 'cosmiconfig';
import { errnoOf, messageOf, TsunicornError } from '../errors.ts';
import { PACKAGE_KEY, packageConfig, parseJson, SCRIPT_EXTENSIONS } from './evaluate.ts';

/** A config file and its text, read once: what the master judged is what its workers evaluate. */
export interface ConfigFile {
  /** Absolute. */
  readonly path: string;
  readonly source: string;
}

const EXTENSIONS = [...SCRIPT_EXTENSIONS, '.json', '.yaml', '.yml'];

/** Where a file is looked for, first found first taken. */
export const searchPlaces: readonly string[] = [
  ...EXTENSIONS.map((extension) => `tsunicorn.conf${extension}`),
  '.tsunicornrc',
  ...['.json', '.yaml', '.yml', '.js', '.ts', '.mjs', '.cjs'].map((extension) => `.tsunicornrc${extension}`),
  'package.json',
];

/**
 * The config file to use: the one that `configPath` names, else the one in `cwd`, else none. Parent directories are not searched.
 * Throws `CONFIG_NOT_FOUND` for a named file that cannot be read and `CONFIG_UNREADABLE` for a found one.
 */
export async function findConfigFile(cwd: string, configPath: string | null): Promise<ConfigFile | null> {
  return configPath === null ? searchIn(cwd) : readNamed(resolve(cwd, configPath));
}

async function readNamed(path: string): Promise<ConfigFile> {
  const extension = extname(path);
  if (!EXTENSIONS.includes(extension) && basename(path) !== '.tsunicornrc') {
    throw new TsunicornError(
      'CONFIG_NOT_FOUND',
      `Cannot use the config file ${path}: its kind is told by its ending, which must be one of ${EXTENSIONS.join(', ')}. Rename it.`,
    );
  }
  try {
    if (!(await stat(path)).isFile()) throw new Error('it is no file');
    return { path, source: await readFile(path, 'utf8') };
  } catch (cause) {
    const why = errnoOf(cause) === 'ENOENT' ? 'there is no such file' : messageOf(cause);
    throw new TsunicornError('CONFIG_NOT_FOUND', `Cannot read the config file ${path}: ${why}. Correct --config.`, {
      cause,
    });
  }
}

/** cosmiconfig only finds and reads: it hands back the text, which is evaluated by ourselves, and again by each worker. */
async function searchIn(cwd: string): Promise<ConfigFile | null> {
  const asText = (_path: string, text: string) => ({ text });
  const explorer = cosmiconfig('tsunicorn', {
    searchPlaces: [...searchPlaces],
    searchStrategy: 'none',
    packageProp: PACKAGE_KEY,
    ignoreEmptySearchPlaces: false,
    cache: false,
    loaders: {
      ...Object.fromEntries(EXTENSIONS.map((extension) => [extension, asText])),
      noExt: asText,
      '.json': (path: string, text: string) => (basename(path) === 'package.json' ? packageText(text) : { text }),
    },
  });
  try {
    const found: { filepath: string; config?: { text?: unknown } } | null = await explorer.search(cwd);
    if (found === null) return null;
    return { path: found.filepath, source: typeof found.config?.text === 'string' ? found.config.text : '' };
  } catch (cause) {
    throw new TsunicornError(
      'CONFIG_UNREADABLE',
      `Cannot look for a config file in ${cwd}: ${messageOf(cause)}. Correct that, or name a file with --config.`,
      { cause },
    );
  }
}

/** A `package.json` counts only when it has our key. */
function packageText(text: string): unknown {
  return packageConfig(parseJson(text)) === undefined ? {} : { [PACKAGE_KEY]: { text } };
}
