import { type ChildProcess, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { TsunicornError } from '../../../errors.ts';
import { type ControlFault, createControlReader, orderLine, type ZygoteMessage, type ZygoteOrder } from './control.ts';
import { createTranscript } from './transcript.ts';

/** How a process ended, and the end of what it wrote (at most 32 KiB). */
export interface PythonExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly lastWords: string;
}

/** How to start the process that becomes the zygote. */
export interface HostSpec {
  /** Absolute path of the interpreter. */
  readonly interpreter: string;
  /** What `ps` shows. */
  readonly title: string;
  readonly directory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface HostEvents {
  onMessage(message: ZygoteMessage | ControlFault): void;
  /** A line of its own standard output or error. */
  onLine(line: string): void;
  /** Once, after all that it said. */
  onOver(exit: PythonExit): void;
}

/** The running zygote. */
export interface HostProcess {
  readonly pid: number;
  send(order: ZygoteOrder): void;
  kill(): void;
}

const HOST_FILE = fileURLToPath(new URL('./host.py', import.meta.url));
const CONTROL_FD = 3;
/** How long a pipe that a grandchild holds open is listened to after the end. */
const PIPE_PATIENCE_MS = 500;

/** @throws TsunicornError `PYTHON_UNUSABLE` when it cannot be started. */
export async function startHost(spec: HostSpec, events: HostEvents): Promise<HostProcess> {
  const { child, control } = await spawnHost(spec);
  const outputs = [child.stdout, child.stderr].map((stream) => {
    const transcript = createTranscript((line) => events.onLine(line));
    stream?.on('data', (bytes: Buffer) => transcript.take(bytes));
    return transcript;
  });
  const reader = createControlReader();
  control.on('data', (bytes: Buffer) => {
    for (const message of reader.take(bytes)) events.onMessage(message);
  });
  // It is gone, or closed its end: its exit says the rest.
  control.on('error', () => {});
  let over = false;
  const finish = (code: number | null, signal: string | null) => {
    if (over) return;
    over = true;
    control.destroy();
    for (const output of outputs) output.end();
    const [stdout = '', stderr = ''] = outputs.map((output) => output.lastWords());
    events.onOver({ code, signal, lastWords: stderr === '' ? stdout : stderr });
  };
  child.once('exit', (code, signal) => setTimeout(finish, PIPE_PATIENCE_MS, code, signal).unref());
  child.once('close', finish);
  return {
    pid: child.pid ?? 0,
    send: (order) => void (control.writable && control.write(orderLine(order))),
    kill: () => child.kill('SIGKILL'),
  };
}

async function spawnHost(spec: HostSpec): Promise<{ child: ChildProcess; control: Duplex }> {
  try {
    const child = spawn(spec.interpreter, [HOST_FILE, spec.title], {
      cwd: spec.directory,
      env: { ...spec.env },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    await new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      // Later ones are of signals that came too late.
      child.on('error', reject);
    });
    const control = child.stdio[CONTROL_FD];
    if (control instanceof Duplex) return { child, control };
    throw new Error('it has no control stream');
  } catch (cause) {
    throw new TsunicornError('PYTHON_UNUSABLE', `Cannot start ${spec.interpreter}: ${String(cause)}.`, { cause });
  }
}
