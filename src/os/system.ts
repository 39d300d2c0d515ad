import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Duplex } from 'node:stream';
import { flagsAgainstInspector } from './inspector.ts';
import { CHANNEL_FD, openChannel } from './line-channel.ts';

/** How to start a worker process, or another master. */
export interface ProcessSpec {
  /** The Node.js binary. Default: the one that runs this process. */
  readonly node?: string;
  readonly script: string;
  readonly args?: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Descriptors that the process inherits, from `FIRST_INHERITED_FD` up, in this order. */
  readonly inheritFds: readonly number[];
  /** Descriptors that this process inherited itself, and that must not reach the new one under their own number. */
  readonly withholdFds: readonly number[];
  /** Standard input. Default: nothing. */
  readonly stdin?: 'inherit';
}

export interface ProcessEvents {
  /** `undefined` for what is no message at all. */
  onMessage(raw: unknown): void;
  /** It closed its end of the channel and lives on: it can neither be told nor heard any more. Not after `onExit`. */
  onUnreachable?(): void;
  /** Once, when the process is gone and reaped. `error` is set when it never started. */
  onExit(exit: { code: number | null; signal: string | null; error?: Error }): void;
}

/** A process that was started and is not yet reaped: a signal never reaches a stranger that was given the same pid later. */
export interface OwnedProcess {
  readonly pid: number;
  send(message: object): void;
  signal(name: 'SIGABRT' | 'SIGKILL' | 'SIGTERM'): void;
}

/** The few things the master asks of the operating system. Tests give it another one. */
export interface System {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** In [0, 1). */
  random(): number;
  /** Starts a process with an ipc channel. It throws nothing: a failure is reported through `onExit`. */
  spawn(spec: ProcessSpec, events: ProcessEvents): OwnedProcess;
}

export const FIRST_INHERITED_FD = 4;

const CHANNEL_PATIENCE_MS = 500;

export const realSystem: System = {
  nowMs: () => performance.now(),
  random: () => Math.random(),
  spawn: spawnProcess,
};

function spawnProcess(spec: ProcessSpec, events: ProcessEvents): OwnedProcess {
  let over = false;
  const end = (exit: Parameters<ProcessEvents['onExit']>[0]) => {
    if (!over) events.onExit(exit);
    over = true;
  };
  const started = startNode(spec);
  if (started instanceof Error) {
    setImmediate(end, { code: null, signal: null, error: started });
    return { pid: 0, send: () => {}, signal: () => {} };
  }
  const { child, stream } = started;
  let exit: Parameters<ProcessEvents['onExit']>[0] | null = null;
  let closed = false;
  const channel = openChannel(stream, {
    onMessage: (raw) => events.onMessage(raw),
    onClosed: () => {
      closed = true;
      if (exit !== null) return end(exit);
      // Whoever ends closes the channel too, a moment before it can be reaped.
      setTimeout(() => {
        if (exit === null && !over) events.onUnreachable?.();
      }, CHANNEL_PATIENCE_MS).unref();
    },
  });
  child.on('exit', (code, signal) => {
    exit = { code, signal };
    // What it said last may still be in the channel; a grandchild that holds the channel open must not hide the exit.
    if (closed) end(exit);
    else setTimeout(end, CHANNEL_PATIENCE_MS, exit).unref();
  });
  // Before the process runs: it could not be started. Later: a message or a signal came too late for it, and its exit says the rest.
  child.on('error', (error) => {
    if (child.pid === undefined) end({ code: null, signal: null, error });
  });
  return {
    pid: child.pid ?? 0,
    send: (message) => channel.send(message),
    signal: (name) => child.kill(name),
  };
}

function startNode(spec: ProcessSpec): { child: ChildProcess; stream: Duplex } | Error {
  let nothing: number | undefined;
  try {
    nothing = openSync('/dev/null', 'r');
    const { node = process.execPath, script, args = [], stdin = 'ignore' } = spec;
    const child = spawn(node, [...nodeFlags(spec.env.NODE_OPTIONS), script, ...args], {
      cwd: spec.cwd,
      // How Node in the worker knows of the channel (child_process, "NODE_CHANNEL_FD"); it removes both before the application runs.
      env: { ...spec.env, NODE_CHANNEL_FD: String(CHANNEL_FD), NODE_CHANNEL_SERIALIZATION_MODE: 'json' },
      stdio: [stdin, 'inherit', 'inherit', 'pipe', ...spec.inheritFds, ...coverWithheld(spec, nothing)],
    });
    const stream = child.stdio?.[CHANNEL_FD];
    if (stream instanceof Duplex) return { child, stream };
    // EMFILE and ENFILE come as an event, after Node has stopped short of the streams.
    child.on('error', () => {});
    return new Error('this process or the whole system may open no more files (ulimit -n, fs.file-max)');
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    if (nothing !== undefined) closeSync(nothing);
  }
}

/** Those that this process was started with, but for what keeps the inspector away or asks for it: each process gets its own. */
function nodeFlags(nodeOptions: string | undefined): string[] {
  const own = flagsAgainstInspector(nodeOptions);
  return [...process.execArgv.filter((flag) => !flag.startsWith('--inspect') && !own.includes(flag)), ...own];
}

/**
 * An inherited descriptor stays open across exec, also in whatever the worker starts: Node marks the first 16 of them, and those up to the
 * first gap, as closed on exec (uv_disable_stdio_inheritance), and no more. `nothing` takes the place of the others.
 */
function coverWithheld({ inheritFds, withholdFds }: ProcessSpec, nothing: number): (number | 'ignore')[] {
  const first = FIRST_INHERITED_FD + inheritFds.length;
  const count = Math.max(0, ...withholdFds.map((fd) => fd + 1 - first));
  return Array.from({ length: count }, (_, index) => (withholdFds.includes(first + index) ? nothing : 'ignore'));
}
