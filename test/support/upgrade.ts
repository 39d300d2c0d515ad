import { readFileSync } from 'node:fs';
import { eventually } from './eventually.ts';
import type { LogEventName, LogLine } from './log.ts';
import { children, isAlive } from './process-tree.ts';
import type { Server } from './server.ts';

/** A master that another one started (USR2), which the server's family and its invariants know of. */
export interface UpgradedMaster {
  readonly pid: number;
  signal(name: NodeJS.Signals): void;
  /** Sends the signal and waits until the process is gone. */
  end(name?: NodeJS.Signals): Promise<void>;
  workers(): number[];
}

/** Sends USR2 to a master, by default the first one of the server, and waits until the new one is ready. */
export async function upgrade(server: Server, { from = server.pid } = {}): Promise<UpgradedMaster> {
  return masterWith(server, Number((await tryUpgrade(server, 'upgrade.ready', { from })).newMasterPid));
}

/** Sends USR2 and waits for what becomes of it. */
export async function tryUpgrade(server: Server, outcome: LogEventName, { from = server.pid } = {}): Promise<LogLine> {
  const after = server.mark();
  process.kill(from, 'SIGUSR2');
  return await server.event(outcome, ({ pid }) => pid === from, { after, timeoutMs: 30_000 });
}

export function masterWith(server: Server, pid: number): UpgradedMaster {
  const signal = (name: NodeJS.Signals) => void process.kill(pid, name);
  return {
    pid,
    signal,
    async end(name = 'SIGTERM') {
      signal(name);
      await eventually(() => !isAlive(pid), { timeoutMs: 10_000, until: `master ${pid} is gone` });
    },
    workers: () => children(pid).filter((child) => !masterPids(server).has(child)),
  };
}

function masterPids(server: Server): Set<number> {
  return new Set(server.log.filter(({ event }) => event === 'server.starting').map(({ pid }) => pid));
}

/** What a pid file holds, as a number. */
export function pidIn(path: string): number {
  return Number(readFileSync(path, 'utf8'));
}
