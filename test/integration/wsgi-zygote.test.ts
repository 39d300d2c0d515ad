import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { startZygote, type Zygote, type ZygoteOptions } from '../../src/app/interfaces/wsgi/zygote.ts';
import { TsunicornError } from '../../src/errors.ts';
import { eventually } from '../support/eventually.ts';
import { disown, type Owned, own } from '../support/owned.ts';
import { descendants, identify, isAlive } from '../support/process-tree.ts';
import { type PythonPlace, pythonPlace } from '../support/python-place.ts';

const HELLO = 'def application(environ, start_response):\n    return []\n';
/** Starts a process of its own in its group, and says which. */
const FORKS = `import subprocess\nprint(subprocess.Popen(['sleep', '600']).pid)\n${HELLO}`;

describe('startZygote', () => {
  let place: PythonPlace | undefined;
  let zygote: Zygote;
  let owned: Owned;
  const said: { pid: number; line: string }[] = [];
  const gone: unknown[] = [];

  beforeEach(async function () {
    place = await pythonPlace(this);
    said.length = 0;
    gone.length = 0;
  });
  afterEach(() => {
    place?.remove();
    place = undefined;
  });

  const start = async (text: string, more: Partial<ZygoteOptions> & { preload?: boolean } = {}) => {
    if (place === undefined) throw new Error('no place');
    const { preload = false, ...options } = more;
    place.module('shop', text);
    zygote = await startZygote({
      interpreter: place.interpreter,
      title: 'test: python',
      directory: place.directory,
      env: process.env,
      boot: { target: 'shop', pythonPath: [], preload, threads: 1, environ: {}, multiprocess: false },
      bootTimeoutMs: 20_000,
      output: (line) => said.push(line),
      onGone: (exit) => gone.push(exit),
      ...options,
    });
    const known = identify(zygote.pid);
    owned = { label: `zygote ${zygote.pid}`, destroy: () => known && isAlive(known.pid) && process.kill(known.pid, 9) };
    own(owned);
  };
  /** Nothing of it may be left, whatever ended it. */
  const expectNothingLeft = async () => {
    await eventually(() => !isAlive(zygote.pid));
    expect(place?.temporaryFiles()).to.deep.equal([]);
    disown(owned);
  };
  const stop = async (graceMs = 5_000) => {
    await zygote.stop({ graceMs });
    expect(isAlive(zygote.pid)).to.equal(false);
    await expectNothingLeft();
  };
  const linesOf = (pid: number) => said.filter((line) => line.pid === pid).map(({ line }) => line);
  const rejection = (promise: Promise<unknown>) =>
    promise.then(
      () => null,
      (error: unknown) => (error instanceof TsunicornError ? `${error.code}: ${error.message}` : error),
    );
  const sleeperOf = async (pid: number) => Number(await eventually(() => linesOf(pid)[0]));

  it('forks processes that connect, and gives what they write line by line', async () => {
    await start(`print('é' * 3)\nimport sys\nprint('two', file=sys.stderr)\n${HELLO}`);
    const processes = await Promise.all([zygote.fork(), zygote.fork()]);
    for (const { pid } of processes) {
      await eventually(() => linesOf(pid).length === 2);
      expect(linesOf(pid)).to.deep.equal(['ééé', 'two']);
    }
    expect(descendants(zygote.pid).sort()).to.deep.equal(processes.map(({ pid }) => pid).sort());
    await stop();
    // The end of the channel and SIGTERM arrive together: a process on its way out no longer handles the signal.
    for (const { exited } of processes) expect((await exited).signal).to.be.oneOf([null, 'SIGTERM']);
    expect(gone).to.deep.equal([]);
  });

  it('hands the channel on with what follows the HELLO', async () => {
    await start(HELLO);
    const { socket, read } = await zygote.fork();
    const first = await new Promise<Buffer>((resolve) => {
      read((bytes, length) => {
        resolve(Buffer.from(bytes.subarray(0, length)));
        return true;
      });
    });
    // READY: an empty frame of kind 17.
    expect([...first]).to.deep.equal([0, 0, 0, 0, 17, ...Array(11).fill(0)]);
    socket.end();
    await stop();
  });

  it('tells of an end with its last words, and ends what the process started', async () => {
    await start(FORKS);
    const killed = await zygote.fork();
    const sleeper = await sleeperOf(killed.pid);
    killed.kill('SIGKILL');
    expect(await killed.exited).to.deep.equal({ code: null, signal: 'SIGKILL', lastWords: `${sleeper}` });
    await eventually(() => !isAlive(sleeper));
    killed.kill('SIGKILL');
    const aborted = await zygote.fork();
    aborted.read(() => true);
    await sleeperOf(aborted.pid);
    aborted.kill('SIGABRT');
    const { signal, lastWords } = await aborted.exited;
    expect(signal).to.equal('SIGABRT');
    expect(lastWords).to.match(/Fatal Python error: Aborted.*most recent call first/s);
    await stop();
  });

  it('says what an application says that cannot be loaded', async () => {
    await start('raise RuntimeError("no database")');
    const failed = await zygote.fork().then(
      ({ exited }) => exited,
      (error: Error) => ({ code: 3, lastWords: error.message }),
    );
    expect(failed.code).to.equal(3);
    expect(failed.lastWords).to.match(/shop\.py", line 1.*RuntimeError: no database$/s);
    await stop();
  });

  it('refuses to start where a preloaded application cannot be loaded, dies or takes too long', async () => {
    const faults = [
      ['raise RuntimeError("no database")', /^APP_LOAD: Traceback.*RuntimeError: no database$/s],
      ['import os\nprint("bye", flush=True)\nos.kill(os.getpid(), 9)', /^APP_LOAD: .*ended by SIGKILL while.*\nbye$/],
      ['import time\ntime.sleep(600)', /^APP_LOAD: .*not loaded within 0\.5 s \("bootTimeout"\)/],
    ] as const;
    for (const [text, sentence] of faults) {
      const bootTimeoutMs = text.includes('sleep') ? 500 : 20_000;
      expect(await rejection(start(text, { preload: true, bootTimeoutMs }))).to.match(sentence);
      expect(place?.temporaryFiles()).to.deep.equal([]);
    }
  });

  it('refuses to start what is no host, and leaves nothing', async () => {
    const interpreter = join(place?.directory ?? '', 'interpreter');
    writeFileSync(interpreter, '#!/bin/sh\necho bad luck >&2\nexit 1\n');
    chmodSync(interpreter, 0o755);
    expect(await rejection(start(HELLO, { interpreter }))).to.match(
      /^PYTHON_UNUSABLE: .*exited with code 1 .*\nbad luck$/,
    );
    expect(await rejection(start(HELLO, { interpreter: '/gone' }))).to.match(/^PYTHON_UNUSABLE: Cannot start \/gone/);
    expect(place?.temporaryFiles()).to.deep.equal([]);
  });

  it('ends a zygote that writes garbage to the control stream', async () => {
    const interpreter = join(place?.directory ?? '', 'interpreter');
    writeFileSync(
      interpreter,
      '#!/bin/sh\nread -r boot <&3\necho \'{"type":"ready"}\' >&3\nread -r fork <&3\necho boo >&3\nread -r more <&3\n',
    );
    chmodSync(interpreter, 0o755);
    await start(HELLO, { interpreter });
    expect(await rejection(zygote.fork())).to.match(/NO_WORKER_READY: .*the zygote was ended by SIGKILL/);
    expect(said.map(({ line }) => line)).to.deep.equal(['The control stream is broken: a line is no JSON.']);
    await expectNothingLeft();
  });

  it('takes everything with it when it is killed', async () => {
    await start(FORKS);
    const { pid, exited } = await zygote.fork();
    const sleeper = await sleeperOf(pid);
    process.kill(zygote.pid, 'SIGKILL');
    expect(await exited).to.deep.equal({ code: null, signal: 'SIGKILL', lastWords: `${sleeper}` });
    await eventually(() => gone.length === 1);
    await eventually(() => ![pid, sleeper].some(isAlive));
    await expectNothingLeft();
    expect(await rejection(zygote.fork())).to.match(/^NO_WORKER_READY/);
    await zygote.stop({ graceMs: 0 });
  });

  it('is killed when it is stopped and answers neither fork nor kill', async () => {
    for (const order of ['fork', 'kill'] as const) {
      gone.length = 0;
      await start(HELLO, { patienceMs: 300 });
      const { exited, kill } = await zygote.fork();
      process.kill(zygote.pid, 'SIGSTOP');
      if (order === 'kill') kill('SIGKILL');
      else expect(await rejection(zygote.fork())).to.match(/^NO_WORKER_READY: .*does not answer/);
      expect(await exited).to.include({ signal: 'SIGKILL' });
      await eventually(() => gone.length === 1);
      await expectNothingLeft();
    }
  });

  for (const waitsFor of ['a fork', 'the end of a process', 'its own end'] as const) {
    it(`is killed soon when it is stopped and somebody waits for ${waitsFor}`, async () => {
      await start(HELLO);
      const { pid, exited } = await zygote.fork();
      const sinceMs = performance.now();
      process.kill(zygote.pid, 'SIGSTOP');
      if (waitsFor === 'its own end') await zygote.stop({ graceMs: 20_000 });
      else if (waitsFor === 'a fork') expect(await rejection(zygote.fork())).to.match(/^NO_WORKER_READY/);
      else process.kill(pid, 'SIGKILL');
      expect(await exited).to.include({ signal: 'SIGKILL' });
      expect(performance.now() - sinceMs).to.be.within(1_000, 4_000);
      expect(said.map(({ line }) => line)).to.deep.equal([
        'The process that forks was stopped by a signal (SIGSTOP) while it had work to do, and was killed.',
      ]);
      await expectNothingLeft();
      expect(gone).to.have.length(waitsFor === 'its own end' ? 0 : 1);
    });
  }

  it('lives on when it is stopped for a moment, or while nobody waits for it', async () => {
    await start(HELLO);
    process.kill(zygote.pid, 'SIGSTOP');
    await delay(3_000);
    const forking = zygote.fork();
    await delay(1_000);
    process.kill(zygote.pid, 'SIGCONT');
    expect(isAlive((await forking).pid)).to.equal(true);
    await stop();
    expect(gone).to.deep.equal([]);
  });

  it('kills a process that does not connect', async () => {
    const directory = place?.directory ?? '';
    const stuck =
      'import os, time\nos.register_at_fork(after_in_child=lambda: (print(os.getpid()), time.sleep(600)))\n';
    place?.module('sitecustomize', stuck);
    await start(HELLO, { patienceMs: 500, env: { ...process.env, PYTHONPATH: directory } });
    const fault = await rejection(zygote.fork());
    expect(fault).to.match(/^NO_WORKER_READY: .*process \d+ did not connect within 0\.5 s/);
    await eventually(() => descendants(zygote.pid).length === 0);
    await stop(0);
  });

  it('kills what does not leave in time', async () => {
    await start(
      `import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nimport time\nprint("up")\ntime.sleep(600)`,
    );
    const { pid, exited } = await zygote.fork();
    await eventually(() => linesOf(pid).length === 1);
    await stop(100);
    expect(await exited).to.include({ signal: 'SIGKILL' });
    expect(gone).to.deep.equal([]);
  });
});
