import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import { TsunicornError, unreachable } from '../../../errors.ts';
import type { ControlFault, ZygoteMessage, ZygoteOrder } from './control.ts';
import { createDeferred, type Deferred, within } from './deferred.ts';
import { bootTimeoutFault, howItEnded, loadFault, noProcess, withWords } from './faults.ts';
import { type HostProcess, type HostSpec, type PythonExit, startHost } from './host-process.ts';
import { killOrphans } from './orphans.ts';
import { type Arrival, openRendezvous, type Rendezvous } from './rendezvous.ts';
import { signalName } from './signal-name.ts';
import { createTranscript, type Transcript } from './transcript.ts';
import { createVigil, type Vigil } from './vigil.ts';

export type { PythonExit } from './host-process.ts';

/** A Python process that was forked and has connected. It is not ready yet: that it says on its channel. */
export interface PythonProcess {
  readonly pid: number;
  /** Its channel. It has a listener for errors. Owned by whoever forked; the process leaves when it is ended or destroyed. */
  readonly socket: Socket;
  /** Gives what comes over the channel, from behind the HELLO on. To be called once. */
  readonly read: Arrival['read'];
  /** SIGKILL goes to its whole process group. A process that is gone is never signalled. */
  kill(signal: 'SIGABRT' | 'SIGKILL' | 'SIGTERM'): void;
  /** Never rejects. */
  readonly exited: Promise<PythonExit>;
}

export interface ZygoteOptions extends HostSpec {
  /** What the host is told: the application, and how it is run. */
  readonly boot: Omit<Extract<ZygoteOrder, { type: 'boot' }>, 'type' | 'socket'>;
  /** How long the zygote may take until it can fork; with `preload` it loads the application in that time. */
  readonly bootTimeoutMs: number;
  /** A line that a Python process, or the zygote itself, wrote to its standard output or error. */
  output(said: { readonly pid: number; readonly line: string }): void;
  /** Once, when it ends without having been stopped. Its Python processes are gone by then. */
  onGone?(exit: PythonExit): void;
  /** Ends a boot that is under way. */
  readonly signal?: AbortSignal;
  /** How long it may leave an order without an answer before it is killed. Default 10 s; one that was stopped (SIGSTOP) gets 2 s. */
  readonly patienceMs?: number;
}

/** The process that Python processes are forked from. */
export interface Zygote {
  readonly pid: number;
  /** @throws TsunicornError `NO_WORKER_READY`, or `APP_LOAD` when the process died before it was seen to connect. */
  fork(): Promise<PythonProcess>;
  /** Hangs up on every Python process, and kills what is left after `graceMs`. Resolves when nothing is left; a second call may hurry. */
  stop(options: { graceMs: number }): Promise<void>;
}

interface Member {
  readonly pid: number;
  readonly transcript: Transcript;
  readonly exit: Deferred<PythonExit>;
  socket: Socket | null;
  killWatch: NodeJS.Timeout | undefined;
}

interface Life {
  readonly options: ZygoteOptions;
  readonly patienceMs: number;
  readonly rendezvous: Rendezvous;
  readonly members: Map<number, Member>;
  /** By token. */
  readonly forks: Map<string, Deferred<Member>>;
  readonly ready: Deferred<void>;
  readonly over: Deferred<PythonExit>;
  host: HostProcess | null;
  vigil: Vigil | null;
  phase: 'booting' | 'serving' | 'stopping';
  /** Counts what it said: who speaks is not stopped. */
  heard: number;
}

const PATIENCE_MS = 10_000;

/**
 * Starts a zygote and waits until it can fork. The caller owns it and stops it.
 *
 * @throws TsunicornError `PYTHON_UNUSABLE`, or `APP_LOAD` with what a preloaded application wrote.
 */
export async function startZygote(options: ZygoteOptions): Promise<Zygote> {
  const life: Life = {
    options,
    patienceMs: options.patienceMs ?? PATIENCE_MS,
    rendezvous: await openRendezvous(),
    members: new Map(),
    forks: new Map(),
    ready: createDeferred(),
    over: createDeferred(),
    host: null,
    vigil: null,
    phase: 'booting',
    heard: 0,
  };
  try {
    life.host = await startHost(options, {
      onMessage: (message) => receive(life, message),
      onLine: (line) => options.output({ pid: life.host?.pid ?? 0, line }),
      onOver: (exit) => void conclude(life, exit),
    });
  } catch (error) {
    life.rendezvous.close();
    throw error;
  }
  life.host.send({ type: 'boot', socket: life.rendezvous.path, ...options.boot });
  const abort = () => life.host?.kill();
  if (options.signal?.aborted === true) abort();
  options.signal?.addEventListener('abort', abort);
  await untilReady(life).finally(() => options.signal?.removeEventListener('abort', abort));
  life.phase = 'serving';
  const { pid } = life.host;
  life.vigil = createVigil({ pid, onStopped: () => giveUpStopped(life) });
  return { pid, fork: () => fork(life), stop: ({ graceMs }) => stop(life, graceMs) };
}

async function untilReady(life: Life): Promise<void> {
  const { options } = life;
  const exit = await within<PythonExit | null>(
    Promise.race([life.ready.promise.then(() => null), life.over.promise]),
    options.bootTimeoutMs,
    () => ({ code: null, signal: null, lastWords: '' }),
  );
  if (exit === null) return;
  life.host?.kill();
  const { lastWords } = await life.over.promise;
  if (exit.code === null && exit.signal === null) {
    if (options.boot.preload) throw bootTimeoutFault(options.bootTimeoutMs, lastWords);
    const seconds = `${options.bootTimeoutMs / 1000} s ("bootTimeout")`;
    throw unusable(withWords(`${options.interpreter} was not ready within ${seconds}.`, lastWords));
  }
  if (options.boot.preload) throw loadFault(exit);
  throw unusable(withWords(`${options.interpreter} ${howItEnded(exit)} before it could be used.`, lastWords));
}

function unusable(message: string): TsunicornError {
  return new TsunicornError('PYTHON_UNUSABLE', message);
}

async function fork(life: Life): Promise<PythonProcess> {
  if (life.phase !== 'serving') throw noProcess('the zygote is stopping');
  const token = randomBytes(16).toString('hex');
  const forked = createDeferred<Member>();
  const guest = life.rendezvous.expect(token);
  life.forks.set(token, forked);
  life.vigil?.until(forked.promise);
  life.host?.send({ type: 'fork', token });
  try {
    const member = await within(forked.promise, life.patienceMs, () => {
      life.host?.kill();
      throw noProcess('the zygote does not answer, and was killed');
    });
    return await greeted(life, member, guest.arrived);
  } finally {
    life.forks.delete(token);
    guest.forget();
  }
}

async function greeted(life: Life, member: Member, arrived: Promise<Arrival>): Promise<PythonProcess> {
  const { pid, exit } = member;
  const died = exit.promise.then((how): Arrival => {
    throw loadFault(how);
  });
  const { socket, read } = await within(Promise.race([arrived, died]), life.patienceMs, () => {
    kill(life, member, 'SIGKILL');
    throw noProcess(`process ${pid} did not connect within ${life.patienceMs / 1000} s`);
  });
  member.socket = socket;
  // Its end has to follow.
  socket.once('close', () => life.vigil?.until(exit.promise));
  return {
    ...{ pid, socket, read },
    kill: (signal) => kill(life, member, signal),
    exited: exit.promise,
  };
}

function kill(life: Life, member: Member, signal: 'SIGABRT' | 'SIGKILL' | 'SIGTERM'): void {
  if (!life.members.has(member.pid)) return;
  life.host?.send({ type: 'kill', pid: member.pid, signal: constants.signals[signal] });
  if (signal !== 'SIGKILL' || member.killWatch !== undefined) return;
  life.vigil?.until(member.exit.promise);
  watchKill(life, member);
}

function giveUpStopped(life: Life): void {
  const line = 'The process that forks was stopped by a signal (SIGSTOP) while it had work to do, and was killed.';
  life.options.output({ pid: life.host?.pid ?? 0, line });
  life.host?.kill();
}

/** Nothing survives SIGKILL: when its end is not reported while the zygote says nothing at all, the zygote is the one that hangs. */
function watchKill(life: Life, member: Member): void {
  const before = life.heard;
  member.killWatch = setTimeout(() => {
    if (life.heard === before) life.host?.kill();
    else watchKill(life, member);
  }, life.patienceMs);
}

function receive(life: Life, message: ZygoteMessage | ControlFault): void {
  life.heard += 1;
  switch (message.type) {
    case 'ready':
      return life.ready.resolve();
    case 'forked':
      return enroll(life, message);
    case 'forkFailed':
      return life.forks.get(message.token)?.reject(noProcess(message.message));
    case 'output':
      return life.members.get(message.pid)?.transcript.take(message.bytes);
    case 'exited':
      return dismiss(life, message.pid, {
        code: message.code,
        signal: message.signal === null ? null : signalName(message.signal),
      });
    case 'fault':
      // Whoever wrote that may have written anything before.
      life.options.output({ pid: life.host?.pid ?? 0, line: `The control stream is broken: ${message.reason}.` });
      return life.host?.kill();
    default:
      return unreachable(message);
  }
}

function enroll(life: Life, { token, pid }: { token: string; pid: number }): void {
  if (life.members.has(pid)) return;
  const transcript = createTranscript((line) => life.options.output({ pid, line }));
  const member: Member = { pid, transcript, exit: createDeferred(), socket: null, killWatch: undefined };
  life.members.set(pid, member);
  const waiting = life.forks.get(token);
  // It was given up: nobody will speak to it.
  if (waiting === undefined) kill(life, member, 'SIGKILL');
  waiting?.resolve(member);
}

function dismiss(life: Life, pid: number, { code, signal }: Pick<PythonExit, 'code' | 'signal'>): void {
  const member = life.members.get(pid);
  if (member === undefined) return;
  life.members.delete(pid);
  clearTimeout(member.killWatch);
  member.transcript.end();
  member.exit.resolve({ code, signal, lastWords: member.transcript.lastWords() });
}

/** The zygote is gone, and with it everything that it forked. */
async function conclude(life: Life, exit: PythonExit): Promise<void> {
  const wasServing = life.phase === 'serving';
  life.phase = 'stopping';
  life.vigil?.end();
  await killOrphans([...life.members.keys()]);
  for (const pid of [...life.members.keys()]) dismiss(life, pid, { code: null, signal: 'SIGKILL' });
  for (const forked of life.forks.values()) forked.reject(noProcess(`the zygote ${howItEnded(exit)}`));
  life.rendezvous.close();
  life.over.resolve(exit);
  if (wasServing) life.options.onGone?.(exit);
}

async function stop(life: Life, graceMs: number): Promise<void> {
  life.phase = 'stopping';
  for (const { socket } of life.members.values()) socket?.end();
  life.host?.send({ type: 'stop', graceMs });
  const late = setTimeout(() => life.host?.kill(), graceMs + life.patienceMs);
  life.vigil?.until(life.over.promise);
  await life.over.promise;
  clearTimeout(late);
}
