import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Context } from 'mocha';

/** The Python that tests give to the server. */
export interface TestPython {
  /** An interpreter: that of the tests' virtual environment, else the system's. */
  readonly python: string;
  /** Why there is no virtual environment; null: there is one. */
  readonly reason: string | null;
}

const venv = fileURLToPath(new URL('../../.venv', import.meta.url));
const SYSTEM_PYTHON = 'python3';
const found = new Map<string, boolean>();

/** The tests' Python. `scripts/python.js` made it, or left word why it could not. */
export function pythonForTests(): TestPython {
  if (existsSync(join(venv, '.setup-stamp'))) return { python: join(venv, 'bin/python'), reason: null };
  const whyNot = join(venv, 'why-not');
  const reason = existsSync(whyNot) ? readFileSync(whyNot, 'utf8') : 'nobody ran "node scripts/python.js"';
  return { python: SYSTEM_PYTHON, reason };
}

/**
 * Call it first in a `before` or in a test that needs Python: without an interpreter, or when it cannot import one of `modules`, that test,
 * or all tests of that `before`'s suite, are pending, with the reason in their titles. In CI a pending test is a failure (root-hooks.ts).
 */
export function pendingWithoutPython(context: Context, modules: readonly string[] = []): void {
  const { python, reason } = pythonForTests();
  const missing = ['sys', ...modules].filter((module) => !canImport(python, module));
  if (missing.length === 0) return;
  const what = missing.includes('sys') ? `${python} does not run` : `no ${missing.join(', ')} in Python`;
  const why = ` (${what}${reason === null ? '' : `: ${reason}`})`;
  const { test } = context;
  if (test?.title.startsWith('"before')) {
    test.parent?.eachTest((each) => {
      each.title += why;
    });
  } else if (test !== undefined) test.title += why;
  context.skip();
}

function canImport(python: string, module: string): boolean {
  const key = `${python} ${module}`;
  const known = found.get(key) ?? spawnSync(python, ['-c', `import ${module}`], { stdio: 'ignore' }).status === 0;
  found.set(key, known);
  return known;
}
