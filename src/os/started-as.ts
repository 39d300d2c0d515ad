import { realpathSync } from 'node:fs';
import { delimiter, isAbsolute, join, relative, resolve } from 'node:path';
import { startDirectory } from './directory.ts';

/** How this process was started, in the operator's own words: what an upgrade starts again. */
export interface StartedAs {
  /** The Node.js binary, by the path that was typed or found in `PATH`, not by what it led to then. */
  readonly node: string;
  readonly script: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** As it was then, whatever was done to `process.env` since. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * To be asked at the start, before anything changes the environment. Node.js resolves symbolic links of its binary and of the working
 * directory: after `current` was switched to another release, or `node` to another version, its paths would still lead to the old one.
 *
 * @param args are the arguments after the script.
 */
export function startedAs(args: readonly string[]): StartedAs {
  const cwd = startDirectory();
  const env = { ...process.env };
  return { node: nodePath(cwd, env.PATH), script: scriptPath(cwd), args: [...args], cwd, env };
}

/** argv[0] is what the shell or the service manager called; a name without a slash was found in `PATH`. */
function nodePath(cwd: string, searchPath = ''): string {
  const { argv0, execPath } = process;
  const candidates = argv0.includes('/')
    ? [resolve(cwd, argv0)]
    : searchPath.split(delimiter).map((directory) => join(resolve(cwd, directory), argv0));
  return candidates.find((path) => isSameFile(path, execPath)) ?? execPath;
}

/** Node.js makes the script's path absolute in the resolved working directory; below it, the operator's own name of the directory counts. */
function scriptPath(cwd: string): string {
  const [, script = ''] = process.argv;
  const below = relative(process.cwd(), script);
  if (below.startsWith('..') || isAbsolute(below)) return script;
  const path = join(cwd, below);
  return isSameFile(path, script) ? path : script;
}

function isSameFile(one: string, other: string): boolean {
  try {
    return realpathSync(one) === realpathSync(other);
  } catch {
    return false;
  }
}
