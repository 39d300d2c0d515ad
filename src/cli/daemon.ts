import { type ChildProcess, spawn } from 'node:child_process';
import { DAEMON_VARIABLE, type DaemonOrigin, daemonMark } from '../os/daemon-mark.ts';

/** What the server in the background says to the command that waits for it. */
type DaemonMessage =
  | { readonly type: 'ready' }
  /** `text` is for a person. */
  | { readonly type: 'failed'; readonly text: string; readonly exitCode: number };

/** How the start of a server in the background ended, for whoever waits for it. */
export type DaemonStart =
  | { readonly kind: 'ready'; readonly pid: number }
  | { readonly kind: 'failed'; readonly text: string; readonly exitCode: number };

/** Signals that end the command that waits, and with it the server that is not ready yet. */
const ENDS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
/** As a shell tells of a command that was ended by SIGINT. */
const INTERRUPTED = 130;
const KILL_AFTER_MS = 10_000;

/**
 * Starts this same command again, detached, in a session of its own, and waits until all its workers are ready or its start failed. A
 * signal that ends the command before that ends the server too.
 */
export function startDaemon(
  argv: readonly string[],
  { node, script }: { node: string; script: string },
): Promise<DaemonStart> {
  const daemon = spawn(node, [...process.execArgv, script, ...argv], {
    detached: true,
    env: { ...process.env, [DAEMON_VARIABLE]: daemonMark('started') },
    // The first three are /dev/null: what the terminal shows belongs to whatever runs there next.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  let said: DaemonMessage | null = null;
  const stopListening = endWithUs(daemon);
  return new Promise((resolve) => {
    const settle = (start: DaemonStart) => {
      stopListening();
      resolve(start);
    };
    daemon.on('message', (raw) => {
      said ??= parseMessage(raw);
      if (said?.type !== 'ready') return;
      if (daemon.connected) daemon.disconnect();
      daemon.unref();
      settle({ kind: 'ready', pid: daemon.pid ?? 0 });
    });
    daemon.once('error', (error) =>
      settle({ kind: 'failed', text: `The server could not be started: ${error.message}\n`, exitCode: 1 }),
    );
    daemon.once('exit', (code, signal) => {
      settle(said?.type === 'failed' ? { kind: 'failed', ...said } : endedSilently(code, signal));
    });
  });
}

function endedSilently(code: number | null, signal: string | null): DaemonStart {
  // Asked to stop before it was ready, as whoever waited here was: there is nothing to say.
  if (code === 0) return { kind: 'failed', text: '', exitCode: INTERRUPTED };
  const how = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
  const text = `tsunicorn: The server in the background ${how} before it was ready. What it said is in its "errorLog".\n`;
  return { kind: 'failed', text, exitCode: code ?? 1 };
}

function endWithUs(daemon: ChildProcess): () => void {
  let killTimer: NodeJS.Timeout | undefined;
  const end = () => {
    daemon.kill('SIGINT');
    killTimer ??= setTimeout(() => daemon.kill('SIGKILL'), KILL_AFTER_MS);
  };
  for (const name of ENDS) process.on(name, end);
  return () => {
    clearTimeout(killTimer);
    for (const name of ENDS) process.off(name, end);
  };
}

/** The end of the server that is in the background: it says what became of its start, once. */
export interface DaemonReport {
  ready(): void;
  failed(text: string, exitCode: number): Promise<void>;
}

/**
 * For the server itself. When nobody waits any more before it was ready, it stops: whoever started it has given up.
 */
export function reportToStarter(origin: DaemonOrigin): DaemonReport {
  // The channel is then one to the server before it.
  if (origin === 'succeeds') return { ready: () => {}, failed: async () => {} };
  const giveUp = () => void process.kill(process.pid, 'SIGINT');
  process.once('disconnect', giveUp);
  const send = (message: DaemonMessage) =>
    new Promise<void>((resolve) => {
      if (process.connected && process.send !== undefined) process.send(message, undefined, {}, () => resolve());
      else resolve();
    });
  return {
    ready() {
      process.off('disconnect', giveUp);
      void send({ type: 'ready' }).then(() => {
        if (process.connected) process.disconnect();
      });
    },
    failed: (text, exitCode) => send({ type: 'failed', text, exitCode }),
  };
}

function parseMessage(raw: unknown): DaemonMessage | null {
  if (typeof raw !== 'object' || raw === null || !('type' in raw)) return null;
  if (raw.type === 'ready') return { type: 'ready' };
  if (raw.type !== 'failed' || !('text' in raw) || !('exitCode' in raw)) return null;
  const { text, exitCode } = raw;
  return typeof text === 'string' && typeof exitCode === 'number' ? { type: 'failed', text, exitCode } : null;
}
