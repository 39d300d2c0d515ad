import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.ts';
import { disown, own } from './owned.ts';
import { pythonForTests } from './python.ts';

/** A notice as a service manager gets it. */
export interface ReceivedNotice {
  /** Of the sender, as the kernel vouches for it. */
  readonly pid: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** A real datagram socket that stands in for a service manager. The test owns it and must `close()` it. */
export interface NotifyReceiver {
  /** For `NOTIFY_SOCKET`. */
  readonly socket: string;
  /** All so far. */
  readonly notices: readonly ReceivedNotice[];
  /** The first notice from index `after` on that fits. */
  notice(fits: (fields: ReceivedNotice['fields']) => boolean, after?: number): Promise<ReceivedNotice>;
  /** Reads nothing from now on, as a manager that hangs, until it is closed. */
  freeze(): void;
  close(): Promise<void>;
}

const script = fileURLToPath(new URL('notify-receiver.py', import.meta.url));

/** Binds the address: a path, or `@` and an abstract name. Needs Python. */
export async function startNotifyReceiver(socket: string): Promise<NotifyReceiver> {
  const child = spawn(pythonForTests().python, [script, socket], { stdio: ['pipe', 'pipe', 'inherit'] });
  const owned = { label: `receiver of ${socket}`, destroy: () => void child.kill('SIGKILL') };
  own(owned);
  const notices: ReceivedNotice[] = [];
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    void ended.then(() => reject(new Error(`the receiver of ${socket} ended`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const message: { ready: string } | ReceivedNotice = JSON.parse(line);
      if ('ready' in message) resolve();
      else notices.push(message);
    });
  });
  return {
    socket,
    notices,
    notice: (fits, after = 0) =>
      eventually(() => notices.slice(after).find(({ fields }) => fits(fields)), {
        timeoutMs: 15_000,
        until: `a fitting notice came; there are ${JSON.stringify(notices)}`,
      }),
    freeze: () => void child.kill('SIGSTOP'),
    async close() {
      child.kill('SIGCONT');
      child.stdin.end();
      await ended;
      disown(owned);
    },
  };
}
