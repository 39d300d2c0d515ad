import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { findInterpreter } from '../../src/app/interfaces/wsgi/interpreter.ts';
import { messageOf } from '../../src/errors.ts';
import { disown, own } from './owned.ts';

/** A place for the applications of one test, and for the sockets to their processes. */
export interface PythonPlace {
  /** Absolute path of the interpreter. */
  readonly interpreter: string;
  readonly directory: string;
  /** Writes a module into the directory. */
  module(name: string, text: string): void;
  /** What is left in the directory for temporary files. */
  temporaryFiles(): string[];
  /** Removes all of it, and sets the environment back. */
  remove(): void;
}

/** Makes a place; call in `beforeEach`. Without a usable `python3` the test is pending, and says why. */
export async function pythonPlace(test: Context): Promise<PythonPlace> {
  const found = await findInterpreter({ python: 'python3', directory: tmpdir(), env: process.env }).catch(messageOf);
  if (typeof found === 'string') {
    if (test.currentTest !== undefined) test.currentTest.title += ` (no Python: ${found})`;
    return test.skip();
  }
  const directory = mkdtempSync(join(tmpdir(), 'tsunicorn-python-'));
  const temporary = mkdtempSync(join(directory, 't-'));
  const { TMPDIR } = process.env;
  process.env.TMPDIR = temporary;
  const remove = () => {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    rmSync(directory, { recursive: true, force: true });
  };
  const owned = { label: `directory ${directory}`, destroy: remove };
  own(owned);
  return {
    interpreter: found.path,
    directory,
    module: (name, text) => writeFileSync(join(directory, `${name}.py`), text),
    temporaryFiles: () => readdirSync(temporary),
    remove() {
      disown(owned);
      remove();
    },
  };
}
