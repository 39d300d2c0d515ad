import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { pendingWithoutPython, pythonForTests } from '../support/python.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const HOST = 'src/app/interfaces/wsgi/host.py';

/** Runs a module of Python in the project's folder. Rejects with what it printed when it fails. */
function run(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(pythonForTests().python, ['-m', ...args], { cwd: root, timeout: 100_000 });
}

describe('the Python host', function () {
  this.timeout(120_000);

  it('passes its own tests', async function () {
    pendingWithoutPython(this);
    const { stderr } = await run('unittest', 'discover', '-s', 'test/python');
    expect(stderr).to.match(/^OK$/m);
  });

  for (const version of ['3.10', '3.14']) {
    it(`has no type that Python ${version} would mind`, async function () {
      pendingWithoutPython(this, ['mypy']);
      const { stdout } = await run('mypy', '--strict', '--python-version', version, HOST);
      expect(stdout).to.match(/^Success/);
    });
  }
});
