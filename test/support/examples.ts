import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pythonForTests } from './python.ts';
import { type Server, type ServerOptions, startServer } from './server.ts';

/** A copy of an example in a temporary folder, so that nothing is written into the checkout. Whoever made it removes it. */
export interface ExampleCopy {
  readonly dir: string;
  /** Starts it by the one command of its README; further flags and variables as given. */
  start(options?: Pick<ServerOptions, 'flags' | 'env'>): Promise<Server>;
  /** Runs a program of its Python and returns what that printed. */
  python(args: readonly string[], env?: Readonly<Record<string, string>>): string;
  remove(): void;
}

const NOT_COPIED = new Set(['.venv', '__pycache__', 'db.sqlite3', 'static-files']);

/** The copy has the tests' virtual environment where the README makes one, so that the server has to find it. */
export function copyExample(name: string): ExampleCopy {
  const dir = mkdtempSync(join(tmpdir(), 'tsunicorn-example-'));
  const source = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
  cpSync(source, dir, { recursive: true, filter: (path) => !NOT_COPIED.has(basename(path)) });
  const { python, reason } = pythonForTests();
  if (reason === null) symlinkSync(dirname(dirname(python)), join(dir, '.venv'));
  return {
    dir,
    start: ({ flags = [], env = {} } = {}) =>
      startServer({ flags: ['--config', join(dir, 'tsunicorn.conf.ts'), '--bind', '127.0.0.1:0', ...flags], env }),
    python: (args, env = {}) =>
      execFileSync(python, args, {
        cwd: dir,
        env: { ...process.env, ...env },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    remove: () => rmSync(dir, { recursive: true }),
  };
}
