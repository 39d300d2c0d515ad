import { unreachable } from '../../../errors.ts';
import { createDeferred, type Deferred, within } from './deferred.ts';
import { bootTimeoutFault, loadFault, noProcess } from './faults.ts';
import { readMemory } from './memory.ts';
import { beginSuccession, type MemberState, plan, type Succession, type SuccessionEvent, step } from './succession.ts';
import { type PythonExit, type PythonProcess, startZygote, type Zygote, type ZygoteOptions } from './zygote.ts';

/** What goes over the socket of a Python process, as far as its life depends on it. */
export interface ProcessChannel {
  /** The application is loaded. Settles at most once; a rejection kills the process, unless it ends by itself. */
  readonly ready: Promise<void>;
  /** Takes no more requests, and resolves when those that it has are over. */
  drain(): Promise<void>;
  /** Hangs up: the process leaves. */
  close(): void;
}

export interface ProcessesOptions {
  readonly zygote: Omit<ZygoteOptions, 'onGone' | 'signal'>;
  /** How many, at least 1. */
  readonly processes: number;
  readonly gracefulTimeoutMs: number;
  /** `null`: any amount. */
  readonly maxMemoryMiB: number | null;
  /** Called once for each process, before anything was read from its socket. */
  connect(process: PythonProcess): ProcessChannel;
  readonly observer: ProcessesObserver;
}

/** What an operator may want to know. */
export interface ProcessesObserver {
  /** It can take requests. */
  ready?(process: PythonProcess): void;
  /** `wanted`: it was told to leave. */
  exited?(ended: { readonly pid: number; readonly exit: PythonExit; readonly wanted: boolean }): void;
  /** There shall be another process, and it could not be started; it is tried again. */
  failed?(fault: Error): void;
  /** The zygote died; all its processes are replaced. */
  zygoteGone?(exit: PythonExit): void;
  /** It has more memory than it may, and is replaced. */
  outgrown?(grown: { readonly pid: number; readonly memoryMiB: number }): void;
}

/** The Python processes of a worker. */
export interface Processes {
  /** Those that are ready, also while they retire. */
  ready(): readonly PythonProcess[];
  /** Replaces it: the new one is ready before it is told to leave. */
  retire(process: PythonProcess): void;
  /** Drains all for at most `graceMs`, then ends them. Resolves when nothing is left; may be called again, to hurry. */
  stop(options: { graceMs: number }): Promise<void>;
}

/** A member of the succession that has a process. */
interface Hand {
  readonly process: PythonProcess;
  readonly channel: ProcessChannel;
}

interface Staff {
  readonly options: ProcessesOptions;
  readonly hands: Map<number, Hand>;
  succession: Succession;
  zygote: Promise<Zygote> | null;
  phase: 'starting' | 'running' | 'stopping';
  /** Settled when all were ready, or the first one failed. */
  readonly started: Deferred<void>;
  readonly stopped: AbortController;
  wake: NodeJS.Timeout | undefined;
}

const MEMORY_EVERY_MS = 5_000;
/** What a process gets to leave, once nothing of it is wanted. */
const LEAVE_WITHIN_MS = 2_000;

/**
 * Starts the zygote and the processes, and keeps them: what dies is replaced. The caller owns them and stops them.
 *
 * @throws TsunicornError when one of the first processes does not get ready: `APP_LOAD` with what it said. Nothing is left then.
 */
export async function startProcesses(options: ProcessesOptions): Promise<Processes> {
  const staff: Staff = {
    options,
    hands: new Map(),
    succession: beginSuccession(options.processes, performance.now()),
    zygote: null,
    phase: 'starting',
    started: createDeferred(),
    stopped: new AbortController(),
    wake: undefined,
  };
  act(staff);
  try {
    await staff.started.promise;
  } catch (error) {
    await stop(staff, 0);
    throw error;
  }
  staff.phase = 'running';
  const memory = setInterval(() => void watchMemory(staff), MEMORY_EVERY_MS).unref();
  return {
    ready: () => readyHands(staff).map(({ process }) => process),
    retire: (process) => retire(staff, process),
    async stop({ graceMs }) {
      clearInterval(memory);
      await stop(staff, graceMs);
    },
  };
}

function report(staff: Staff, event: SuccessionEvent): void {
  if (staff.phase === 'stopping') return;
  apply(staff, event);
  act(staff);
}

function apply(staff: Staff, event: SuccessionEvent): void {
  const { gracefulTimeoutMs, zygote } = staff.options;
  const limits = { bootTimeoutMs: zygote.bootTimeoutMs, gracefulTimeoutMs };
  staff.succession = step(staff.succession, event, { nowMs: performance.now(), jitter: Math.random(), limits });
}

/** Does what is due, and sets the alarm for what will be. */
function act(staff: Staff): void {
  const { actions, wakeInMs } = plan(staff.succession, performance.now());
  for (const action of actions) {
    apply(staff, action);
    perform(staff, action);
  }
  clearTimeout(staff.wake);
  const next = actions.length > 0 ? plan(staff.succession, performance.now()).wakeInMs : wakeInMs;
  if (next !== null) staff.wake = setTimeout(() => act(staff), Math.max(1, Math.ceil(next)));
}

function perform(staff: Staff, { type, id }: ReturnType<typeof plan>['actions'][number]): void {
  const hand = staff.hands.get(id);
  switch (type) {
    case 'fork':
      return void bringUp(staff, id);
    case 'kill':
      return hand?.process.kill('SIGKILL');
    case 'release':
      return void hand?.channel.drain().then(
        () => hand.channel.close(),
        () => hand.process.kill('SIGKILL'),
      );
    default:
      return unreachable(type);
  }
}

async function bringUp(staff: Staff, id: number): Promise<void> {
  let process: PythonProcess;
  try {
    process = await (await zygoteOf(staff)).fork();
  } catch (error) {
    fail(staff, error instanceof Error ? error : noProcess(String(error)));
    return report(staff, { type: 'gone', id });
  }
  const channel = staff.options.connect(process);
  staff.hands.set(id, { process, channel });
  void process.exited.then((exit) => ended(staff, id, { process, exit }));
  // It was given up while it was forked.
  if (staff.phase === 'stopping' || phaseOf(staff, id) !== 'booting') process.kill('SIGKILL');
  try {
    await channel.ready;
  } catch {
    // It is leaving, most likely, and its exit code will say why.
    return void setTimeout(() => process.kill('SIGKILL'), LEAVE_WITHIN_MS).unref();
  }
  if (phaseOf(staff, id) !== 'booting') return;
  report(staff, { type: 'ready', id });
  staff.options.observer.ready?.(process);
  if (readyHands(staff).length === staff.options.processes) staff.started.resolve();
}

function ended(staff: Staff, id: number, { process, exit }: { process: PythonProcess; exit: PythonExit }): void {
  const state = stateOf(staff, id);
  const wanted = staff.phase === 'stopping' || state?.phase === 'leaving';
  staff.hands.delete(id);
  staff.options.observer.exited?.({ pid: process.pid, exit, wanted });
  if (state?.phase === 'booting') fail(staff, loadFault(exit));
  if (state?.phase === 'killed' && state.isMissed) {
    fail(staff, bootTimeoutFault(staff.options.zygote.bootTimeoutMs, exit.lastWords));
  }
  report(staff, { type: 'gone', id });
}

/** A process never got ready: the end of a start, and otherwise something to be told. */
function fail(staff: Staff, fault: Error): void {
  if (staff.phase === 'running') return staff.options.observer.failed?.(fault);
  staff.phase = 'stopping';
  staff.started.reject(fault);
}

/** The zygote, started anew when there is none. */
function zygoteOf(staff: Staff): Promise<Zygote> {
  if (staff.zygote !== null) return staff.zygote;
  const starting = startZygote({
    ...staff.options.zygote,
    signal: staff.stopped.signal,
    onGone: (exit) => {
      forget();
      staff.options.observer.zygoteGone?.(exit);
    },
  });
  const forget = () => {
    if (staff.zygote === starting) staff.zygote = null;
  };
  staff.zygote = starting;
  starting.catch(forget);
  return starting;
}

function retire(staff: Staff, process: PythonProcess): void {
  const entry = [...staff.hands].find(([, hand]) => hand.process === process);
  if (entry !== undefined) report(staff, { type: 'retire', id: entry[0] });
}

async function watchMemory(staff: Staff): Promise<void> {
  const { maxMemoryMiB, observer } = staff.options;
  if (maxMemoryMiB === null) return;
  const serving = [...staff.hands].filter(([id]) => phaseOf(staff, id) === 'ready');
  for (const [id, { process }] of serving) {
    const memoryMiB = await readMemory(process.pid);
    if (memoryMiB === null || memoryMiB <= maxMemoryMiB || phaseOf(staff, id) !== 'ready') continue;
    observer.outgrown?.({ pid: process.pid, memoryMiB });
    report(staff, { type: 'retire', id });
  }
}

async function stop(staff: Staff, graceMs: number): Promise<void> {
  staff.phase = 'stopping';
  clearTimeout(staff.wake);
  staff.stopped.abort();
  const endsAtMs = performance.now() + graceMs;
  const zygote = await staff.zygote?.catch(() => null);
  const serving = [...staff.hands].map(async ([id, { channel, process }]) => {
    if (stateOf(staff, id)?.phase === 'booting') return process.kill('SIGKILL');
    await channel.drain().catch(() => process.kill('SIGKILL'));
    channel.close();
  });
  await within<unknown>(Promise.all(serving), graceMs, () => null);
  const leftMs = Math.max(endsAtMs - performance.now(), Math.min(graceMs, LEAVE_WITHIN_MS));
  await zygote?.stop({ graceMs: Math.round(leftMs) });
}

function readyHands(staff: Staff): readonly Hand[] {
  return [...staff.hands].flatMap(([id, hand]) => {
    const phase = phaseOf(staff, id);
    return phase === 'ready' || phase === 'retiring' ? [hand] : [];
  });
}

function phaseOf(staff: Staff, id: number): MemberState['phase'] | undefined {
  return stateOf(staff, id)?.phase;
}

function stateOf(staff: Staff, id: number): MemberState | undefined {
  return staff.succession.members.find((member) => member.id === id)?.state;
}
