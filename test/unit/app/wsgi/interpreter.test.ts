import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { findInterpreter, locateInterpreter } from '../../../../src/app/interfaces/wsgi/interpreter.ts';
import { TsunicornError } from '../../../../src/errors.ts';

let directory = '';

/** A program that stands in for an interpreter. */
function program(path: string, script: string): string {
  const file = join(directory, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

async function faultOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(TsunicornError);
  return error instanceof TsunicornError ? `${error.code} ${error.message}` : '';
}

/** To be called within a `describe`: `directory` is there for each of its tests, and is removed behind it. */
function useDirectory(): void {
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'tsunicorn-interpreter-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
}

describe('locateInterpreter', () => {
  useDirectory();
  const locate = (python: string, env: Record<string, string> = {}) => locateInterpreter({ python, directory, env });
  const told = (python: string, env: Record<string, string> = {}) => expect(() => locate(python, env)).to.throw();

  it('looks for a name in PATH, past what cannot be executed', () => {
    const path = program('b/python3', '');
    mkdirSync(join(directory, 'a/python3'), { recursive: true });
    expect(locate('python3', { PATH: `${directory}/a::${directory}/b` })).to.equal(path);
  });

  it('takes a virtual environment nearby for the default, and no other setting', () => {
    const PATH = `${directory}/b`;
    const [own, system, newer] = ['venv/bin/python', 'b/python3', 'b/python3.13'].map((path) => program(path, ''));
    expect(locate('python3', { PATH })).to.equal(own);
    expect(locate('python3.13', { PATH })).to.equal(newer);
    expect(locate('python3', { PATH, VIRTUAL_ENV: '/elsewhere' })).to.equal(system);
    expect(locate('python3', { PATH, VIRTUAL_ENV: '' })).to.equal(own);
    const hidden = program('.venv/bin/python', '');
    expect(locate('python3', { PATH })).to.equal(hidden);
  });

  it('leaves a directory that is no virtual environment alone', () => {
    mkdirSync(join(directory, 'venv'));
    expect(locate('python3', { PATH: dirname(program('b/python3', '')) })).to.equal(join(directory, 'b/python3'));
  });

  it('takes a path and a directory, seen from chdir', () => {
    const path = program('envs/blue/bin/python', '');
    for (const python of ['envs/blue', './envs/blue/', join(directory, 'envs/blue'), 'envs/blue/bin/python']) {
      expect(locate(python)).to.equal(path);
    }
    expect(locateInterpreter({ python: 'blue', directory: join(directory, 'envs'), env: {} })).to.equal(path);
  });

  it('says what is missing', () => {
    told('python3', { PATH: '/nowhere' })
      .with.property('message')
      .that.matches(/no python3 in any.*\/nowhere.*Install/);
    told('./python')
      .with.property('message')
      .that.matches(/\/python is not there\. Correct/);
    mkdirSync(join(directory, 'env'));
    told('./env')
      .with.property('message')
      .that.matches(/no virtual environment.*python3 -m venv/);
    writeFileSync(join(directory, 'text'), '');
    told('./text')
      .with.property('message')
      .that.matches(/cannot be executed/);
  });

  it('says that a virtual environment lost its Python', () => {
    mkdirSync(join(directory, 'venv/bin'), { recursive: true });
    symlinkSync('/gone/python3', join(directory, 'venv/bin/python'));
    for (const python of ['python3', 'venv', './venv']) {
      told(python)
        .with.property('message')
        .that.matches(/broken.*leads to \/gone\/python3.*--clear/);
    }
  });
});

describe('findInterpreter', () => {
  useDirectory();
  const find = (script: string, patienceMs?: number) =>
    findInterpreter({
      python: program('python', script),
      directory,
      env: { PATH: '/usr/bin:/bin' },
      ...(patienceMs === undefined ? {} : { patienceMs }),
    });

  it('reads version and prefix, whatever is printed before', async () => {
    const { version, prefix } = await find('echo hello; echo; echo "tsunicorn 3.9.0 /opt/my python"');
    expect({ version, prefix }).to.deep.equal({ version: '3.9.0', prefix: '/opt/my python' });
  });

  it('refuses what is too old', async () => {
    expect(await faultOf(find('echo tsunicorn 3.8.19 /usr'))).to.match(
      /^PYTHON_UNUSABLE .*Python 3\.8\.19.*3\.9 or newer/,
    );
    expect(await faultOf(find('echo tsunicorn 2.7.18 /usr'))).to.match(/2\.7\.18/);
  });

  it('refuses what is no Python, does not start or does not answer', async () => {
    expect(await faultOf(find('echo hello'))).to.match(/is no Python.*"hello"/);
    expect(await faultOf(find('echo bad >&2; exit 1'))).to.match(/cannot be used: bad\. Try/);
    expect(await faultOf(find('exec sleep 60', 50))).to.match(/did not answer within 0\.05 s/);
  });
});
