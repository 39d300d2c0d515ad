import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import type { Family } from './family.ts';
import type { LogLine } from './log.ts';
import { connectTo, type Target } from './target.ts';

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What is known of a server that has ended. */
export interface Ended {
  readonly exit: Exit;
  readonly expectExit: Exit;
  /** Names of events that may be logged at level error. */
  readonly expectErrors: readonly string[];
  readonly lines: readonly LogLine[];
  readonly family: Family;
  /** How long processes may outlive their master. */
  readonly orphansMs: number;
  readonly pidFile: string | null;
  /** The server's temporary folder. */
  readonly dir: string;
}

const LEFTOVER = /\.(pid|oldbin|sock|socket|ctl)$/;

/**
 * What must hold when a server has ended: its exit, no unexpected error in the log, no process left, nobody behind its addresses, no
 * socket or pid file. Returns a sentence for each that does not; files are not asked for of a server that was killed.
 */
export async function brokenInvariants(ended: Ended): Promise<string[]> {
  const { exit, expectExit } = ended;
  const broken: string[] = [];
  if (exit.code !== expectExit.code || exit.signal !== expectExit.signal) {
    broken.push(`it ended with ${JSON.stringify(exit)}, not ${JSON.stringify(expectExit)}`);
  }
  for (const { event, level, msg } of ended.lines) {
    const unexpected = (level === 'error' || level === 'fatal') && !ended.expectErrors.includes(event);
    if (unexpected) broken.push(`it logged ${event} at level ${level}: ${msg}`);
  }
  await eventually(() => ended.family.alive().length === 0, { timeoutMs: ended.orphansMs }).catch(() => {
    broken.push(`it left processes: ${ended.family.alive().join(', ')}`);
  });
  const addresses = addressesIn(ended.lines);
  for (const address of addresses) {
    if (await answers(targetOf(address))) broken.push(`something still listens on ${address}`);
  }
  if (exit.signal !== 'SIGKILL') broken.push(...filesLeft(ended, addresses));
  return broken;
}

/** All addresses that the log says were listened on. */
export function addressesIn(lines: readonly LogLine[]): string[] {
  return [...new Set(lines.flatMap((line) => line.addresses ?? []))];
}

/** `'http://127.0.0.1:8000'` or `'unix:/path'` as something to connect to; a wildcard address is reached over loopback. */
export function targetOf(address: string): Target {
  if (address.startsWith('unix:')) return { unixPath: address.slice('unix:'.length) };
  const { hostname, port, protocol } = new URL(address);
  const host = hostname.replace(/^\[|\]$/g, '');
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return { host: reachable, port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) };
}

function filesLeft({ dir, pidFile }: Ended, addresses: readonly string[]): string[] {
  const paths = addresses
    .filter((address) => address.startsWith('unix:'))
    .map((address) => address.slice('unix:'.length));
  if (pidFile !== null) paths.push(pidFile, `${pidFile}.oldbin`);
  if (existsSync(dir))
    paths.push(...readdirSync(dir).flatMap((name) => (LEFTOVER.test(name) ? [join(dir, name)] : [])));
  return [...new Set(paths)].filter((path) => existsSync(path)).map((path) => `it left ${path}`);
}

/** Whether a connection is accepted; anything but an acceptance (refused, no such file) is a no. */
function answers(target: Target): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTo(target);
    const settle = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
    // A full accept queue neither takes nor refuses: somebody holds that socket.
    socket.setTimeout(1_000, () => settle(true));
  });
}
