import { spawnSync } from 'node:child_process';
import type { Context } from 'mocha';
import { eventually } from './eventually.ts';
import { MARK } from './family.ts';
import { connectTo, type Target } from './target.ts';

const PROGRAMS = ['systemd-socket-activate', 'systemd-notify'];

let lacking: readonly string[] | null = null;
let lastHost = 1;

/** Call it first in a `before`: without the programs of systemd its suite is pending, and says so. In CI that is a failure. */
export function pendingWithoutSystemd(context: Context): void {
  lacking ??= PROGRAMS.filter((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status !== 0);
  if (lacking.length === 0) return;
  const why = ` (no ${lacking.join(', ')} here; Debian: apt-get install systemd)`;
  context.test?.parent?.eachTest((each) => {
    each.title += why;
  });
  context.skip();
}

/**
 * The words to put in front of a server, for it to inherit sockets that listen on these addresses (`HOST:PORT` or a path). The program
 * starts with the first connection, and its environment is nothing but what `variables` name.
 */
export function socketActivate(
  addresses: readonly string[],
  { names = [], variables = [] }: { names?: readonly string[]; variables?: readonly string[] } = {},
): string[] {
  return [
    'systemd-socket-activate',
    ...addresses.flatMap((address) => ['-l', address]),
    ...(names.length === 0 ? [] : [`--fdname=${names.join(':')}`]),
    ...[MARK, ...variables].flatMap((name) => ['-E', name]),
  ];
}

/** An address that nothing else listens on. The program takes no port 0; but of loopback hosts (127.0.0.0/8) there are enough. */
export function ownAddress(): string {
  lastHost += 1;
  return `127.${100 + (process.pid % 100)}.${(process.pid >> 7) % 250}.${lastHost}:8000`;
}

/** Connects as soon as somebody listens, which starts the program; it need not answer. */
export function knock(to: Target): Promise<boolean> {
  const knocks = () =>
    new Promise<boolean>((resolve, reject) => {
      const socket = connectTo(to);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
    });
  return eventually(knocks, { timeoutMs: 15_000, until: `${JSON.stringify(to)} is listened on` });
}
