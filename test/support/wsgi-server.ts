import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Context } from 'mocha';
import { pendingWithoutPython, pythonForTests } from './python.ts';
import { type Server, type ServerOptions, startServer } from './server.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/apps/wsgi', import.meta.url));

/** Call it first in a `before`: without Python its suite is pending; for the interface of another run of the same files it is skipped. */
export function pythonSuite(context: Context): void {
  if (process.env.TSUNICORN_TEST_INTERFACE !== undefined) context.skip();
  pendingWithoutPython(context);
}

/** How to start the twin in Python of an application of JavaScript, by its module: `hello_cjs`. One process answers for all clients. */
export function pythonTwin(module: string): Pick<ServerOptions, 'app' | 'env'> {
  const flags = `--interface wsgi --python ${pythonForTests().python} --python-path ${FIXTURES} --threads 16 --graceful-timeout 1`;
  return { app: module, env: { TSUNICORN_CMD_ARGS: flags } };
}

/** Serves a Python application of the folder `test/fixtures/apps/wsgi`: `'faults/faulty'` is the module `faulty` in its folder `faults`. */
export function startPython(
  app: string,
  options: Omit<ServerOptions, 'app'> & { config?: object } = {},
): Promise<Server> {
  const [module = '', ...folders] = app.split('/').toReversed();
  const flags = [
    '--interface',
    'wsgi',
    '--chdir',
    join(FIXTURES, ...folders.toReversed()),
    '--python',
    pythonForTests().python,
  ];
  return startServer({ ...options, app: module, flags: [...flags, ...(options.flags ?? [])] });
}
