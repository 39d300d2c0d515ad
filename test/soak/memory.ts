import { rssBytes } from '../support/process-tree.ts';
import type { Server } from '../support/server.ts';

const MIB = 1_048_576;

/** Resident bytes of all workers together. */
export function workersRssBytes(server: Server): number {
  return server.workers().reduce((sum, pid) => sum + rssBytes(pid), 0);
}

export function inMib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
