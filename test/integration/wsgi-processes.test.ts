import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  type ProcessChannel,
  type Processes,
  type ProcessesObserver,
  startProcesses,
} from '../../src/app/interfaces/wsgi/processes.ts';
import type { PythonProcess } from '../../src/app/interfaces/wsgi/zygote.ts';
import { TsunicornError } from '../../src/errors.ts';
import { eventually } from '../support/eventually.ts';
import { disown, type Owned, own } from '../support/owned.ts';
import { children, identify, isAlive, stillRuns } from '../support/process-tree.ts';
import { type PythonPlace, pythonPlace } from '../support/python-place.ts';

const HELLO = 'def application(environ, start_response):\n    return []\n';
const READY = 17;

describe('startProcesses', () => {
  let place: PythonPlace | undefined;
  let processes: Processes | undefined;
  /** What happened, in order; pids are left out. */
  let events: string[] = [];
  /** Whether a process that is drained has requests, which end by `over`. */
  let hasRequests = false;
  const owned: Owned[] = [];
  let drained: { process: PythonProcess; over(): void }[] = [];

  beforeEach(async function () {
    place = await pythonPlace(this);
    events = [];
    drained = [];
    hasRequests = false;
  });
  afterEach(async () => {
    // Of a test that failed.
    await processes?.stop({ graceMs: 0 });
    processes = undefined;
    place?.remove();
    place = undefined;
  });

  const connect = (process: PythonProcess): ProcessChannel => ({
    ready: new Promise((resolve) => {
      process.read((bytes) => {
        if (bytes[4] === READY) resolve();
        return true;
      });
    }),
    drain: () => (hasRequests ? new Promise((over) => drained.push({ process, over })) : Promise.resolve()),
    close: () => process.socket.end(),
  });
  const observer: ProcessesObserver = {
    ready: () => events.push('ready'),
    exited: ({ exit, wanted }) => events.push(wanted ? 'left' : `died ${exit.signal ?? exit.code}`),
    failed: ({ message }) => events.push(`failed: ${message.split('\n').at(-1)}`),
    zygoteGone: () => events.push('zygote gone'),
  };
  const start = async (
    text: string,
    options: { processes?: number; preload?: boolean; bootTimeoutMs?: number } = {},
  ) => {
    if (place === undefined) throw new Error('no place');
    const { processes: count = 2, preload = false, bootTimeoutMs = 20_000 } = options;
    place.module('shop', text);
    processes = await startProcesses({
      zygote: {
        interpreter: place.interpreter,
        title: 'test: python',
        directory: place.directory,
        env: process.env,
        boot: { target: 'shop', pythonPath: [], preload, threads: 1, environ: {}, multiprocess: true },
        bootTimeoutMs,
        output: () => {},
        patienceMs: 2_000,
      },
      processes: count,
      gracefulTimeoutMs: 10_000,
      maxMemoryMiB: null,
      connect,
      observer,
    });
    watch();
  };
  /** Makes the harness responsible for what runs now. */
  const watch = () => {
    for (const known of zygotes().map(identify)) {
      if (known === null || owned.some(({ label }) => label === `zygote ${known.pid}`)) continue;
      const thing = {
        label: `zygote ${known.pid}`,
        destroy: () => void (stillRuns(known) && process.kill(known.pid, 'SIGKILL')),
      };
      own(thing);
      owned.push(thing);
    }
  };
  const stop = async (graceMs = 5_000) => {
    const all = [...zygotes(), ...pids()];
    hasRequests = false;
    await processes?.stop({ graceMs });
    processes = undefined;
    expect(all.filter(isAlive)).to.deep.equal([]);
    expect(place?.temporaryFiles()).to.deep.equal([]);
    for (const thing of owned.splice(0)) disown(thing);
  };
  const pids = () => (processes?.ready() ?? []).map(({ pid }) => pid);
  const untilReady = (count: number, without: readonly number[] = []) =>
    eventually(() => pids().length === count && !pids().some((pid) => without.includes(pid)));
  /** Of this process, which may have others below it. */
  const zygotes = () =>
    children(process.pid).filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('host.py'));
  const zygotePid = () => zygotes()[0] ?? 0;

  it('has all processes ready before it serves, and leaves nothing', async () => {
    await start(HELLO, { processes: 3 });
    expect(pids()).to.have.lengthOf(3);
    expect(children(zygotePid()).sort()).to.deep.equal(pids().sort());
    await stop();
    expect(events).to.deep.equal(['ready', 'ready', 'ready', 'left', 'left', 'left']);
  });

  const broken = [
    ['raise RuntimeError("no database")', /^APP_LOAD Traceback.*RuntimeError: no database$/s],
    ['import os\nos._exit(7)', /^APP_LOAD .*exited with code 7 while it loaded/],
    ['import time\nprint("waiting", flush=True)\ntime.sleep(600)', /^APP_LOAD .*not loaded within 1 s.*\nwaiting$/s],
    ['import ctypes\nctypes.string_at(0)', /^APP_LOAD .*ended by SIGSEGV.*Fatal Python error.*shop\.py", line 2/s],
  ] as const;
  for (const preload of [false, true]) {
    it(`says why an application cannot be loaded${preload ? ' before the fork' : ''}, and leaves nothing`, async () => {
      for (const [text, sentence] of broken) {
        // In the zygote nothing catches a segmentation fault yet.
        if (preload && text.includes('ctypes')) continue;
        const bootTimeoutMs = text.includes('sleep') ? 1_000 : 20_000;
        const fault = await start(text, { preload, bootTimeoutMs }).then(
          () => 'none',
          (error: unknown) => (error instanceof TsunicornError ? `${error.code} ${error.message}` : String(error)),
        );
        expect(fault).to.match(sentence);
        expect(zygotes()).to.deep.equal([]);
        expect(place?.temporaryFiles()).to.deep.equal([]);
        expect(events.filter((event) => event === 'ready' || event.startsWith('failed'))).to.deep.equal([]);
      }
    });
  }

  it('replaces a process that dies, and no other', async () => {
    await start(HELLO);
    const [first = 0, second = 0] = pids();
    process.kill(first, 'SIGSEGV');
    await untilReady(2, [first]);
    expect(pids()).to.include(second);
    expect(events.slice(2)).to.deep.equal(['died SIGSEGV', 'ready']);
    await stop();
  });

  it('replaces a zygote that dies, and all its processes', async () => {
    await start(HELLO);
    const before = pids();
    process.kill(zygotePid(), 'SIGKILL');
    await untilReady(2, before);
    watch();
    expect([...events.slice(2, 5)].sort()).to.deep.equal(['died SIGKILL', 'died SIGKILL', 'zygote gone']);
    expect(before.filter(isAlive)).to.deep.equal([]);
    await stop();
  });

  it('has a new process ready before one that retires is drained', async () => {
    await start(HELLO, { processes: 1, preload: true });
    const [old] = processes?.ready() ?? [];
    if (old === undefined) throw new Error('no process');
    hasRequests = true;
    processes?.retire(old);
    const { process, over } = await eventually(() => drained[0]);
    expect(process).to.equal(old);
    expect(pids()).to.have.lengthOf(1);
    expect(pids()).not.to.include(old.pid);
    expect(isAlive(old.pid)).to.equal(true);
    over();
    expect(await old.exited).to.include({ code: 0 });
    expect(events).to.deep.equal(['ready', 'ready', 'left']);
    await stop();
  });

  it('tries again and again when the application cannot be loaded any more', async () => {
    await start(HELLO, { processes: 1 });
    place?.module('shop', 'raise RuntimeError("deployed by halves")');
    const [pid = 0] = pids();
    process.kill(pid, 'SIGKILL');
    await eventually(() => events.filter((event) => event.startsWith('failed')).length === 2);
    expect(events).to.include('failed: RuntimeError: deployed by halves');
    place?.module('shop', HELLO);
    await untilReady(1);
    await stop();
  });

  for (const signal of ['SIGTERM', 'SIGQUIT'] as const) {
    it(`says that ${signal} ended a process that was loading, and tries again`, async () => {
      await start(`import os, time\nwhile os.path.exists('wait.py'):\n    time.sleep(0.01)\n${HELLO}`);
      place?.module('wait', '');
      const [pid = 0, other = 0] = pids();
      process.kill(pid, 'SIGKILL');
      const loading = await eventually(() => children(zygotePid()).find((each) => each !== pid && each !== other));
      await eventually(() => {
        // One that was just forked is not there yet for SIGQUIT.
        if (isAlive(loading)) process.kill(loading, signal);
        return events.some((event) => event.startsWith('failed'));
      });
      expect(events).to.include(`failed: The Python process was ended by ${signal} while it loaded the application.`);
      rmSync(join(place?.directory ?? '', 'wait.py'));
      await untilReady(2, [pid, loading]);
      expect(pids()).to.include(other);
      await stop();
    });
  }

  it('stops without those that do not end their requests in time', async () => {
    await start(HELLO);
    hasRequests = true;
    const stopping = processes?.stop({ graceMs: 200 });
    await eventually(() => drained.length === 2);
    await stopping;
    expect(events.slice(2)).to.deep.equal(['left', 'left']);
    await stop(0);
  });
});
