import { readFileSync } from 'node:fs';
import type { Server } from '../support/server.ts';

const MIB = 1_048_576;

/** Resident bytes of all workers together. */
export function workersRssBytes(server: Server): number {
  return server.workers().reduce((sum, pid) => sum + rssBytes(pid), 0);
}

export function inMib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

/** VmRSS of proc_pid_status(5). */
function rssBytes(pid: number): number {
  const [, kib = 'NaN'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) * 1_024;
}
