import { spawn, spawnSync } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { eventually } from '../support/eventually.ts';
import { disown, own } from '../support/owned.ts';
import type { Server } from '../support/server.ts';
import { connectTo } from '../support/target.ts';
import { asAttacker } from './apart.ts';

/** What became of an attack. */
export interface AttackReport {
  /** The most connections that the worker held, beyond those from before. */
  readonly peak: number;
  /** From the beginning until the worker held no more than before. */
  readonly endedMs: number;
}

/** Somebody who opens many connections, until `over`. */
export interface Attacker {
  stop(): void;
}

export const hasSlowhttptest = spawnSync('slowhttptest', ['-h']).error === undefined;

/**
 * Starts `slowhttptest` (in an attacker's place, see `apart.ts`) with these arguments against a path of the server. The caller
 * stops it.
 */
export function slowhttptest(server: Server, args: readonly string[], path = '/'): Attacker {
  const [program = '', ...rest] = asAttacker(['slowhttptest', ...args, '-u', `${server.url}${path}`]);
  const child = spawn(program, rest, { stdio: 'ignore' });
  const owned = { label: `slowhttptest ${child.pid}`, destroy: () => void child.kill('SIGKILL') };
  own(owned);
  child.once('exit', () => disown(owned));
  return { stop: owned.destroy };
}

/** Connects and says nothing. */
export function silence(server: Server, connections: number): Attacker {
  const sockets: Socket[] = [];
  for (let opened = 0; opened < connections; opened += 1) {
    sockets.push(connectTo({ port: server.port }).on('error', () => {}));
  }
  return { stop: () => sockets.forEach((socket) => void socket.destroy()) };
}

/** Watches an attack from the server's side, until its connections are gone. Rejects when they are not within `withinMs`. */
export async function watchAttack(
  server: Server,
  start: () => Attacker,
  limits: { atLeast: number; withinMs: number },
): Promise<AttackReport> {
  const [worker = 0] = server.workers();
  const before = await descriptorsOf(worker);
  const beganMs = performance.now();
  const attacker = start();
  let peak = 0;
  const look = async () => {
    const beyond = (await descriptorsOf(worker)) - before;
    peak = Math.max(peak, beyond);
    return beyond;
  };
  const waiting = { timeoutMs: limits.withinMs, everyMs: 100 };
  try {
    await eventually(async () => (await look()) >= limits.atLeast, {
      ...waiting,
      until: `${limits.atLeast} connections were there`,
    });
    await eventually(async () => (await look()) <= 0, {
      ...waiting,
      until: 'all connections of the attack were ended',
    });
    return { peak, endedMs: performance.now() - beganMs };
  } finally {
    attacker.stop();
  }
}

/**
 * How many descriptors a process has. Linux tells it as the size of the folder since 6.2; to list a thousand of them takes the kernel a
 * millisecond, and would be seen in what the good client measures.
 */
async function descriptorsOf(pid: number): Promise<number> {
  const folder = `/proc/${pid}/fd`;
  return (await stat(folder)).size || (await readdir(folder)).length;
}
