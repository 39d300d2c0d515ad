import type { ServerInfo, WorkerInfo } from '../config/hooks.ts';
import type { LoadRequest } from '../config/load.ts';
import type { TsunicornError } from '../errors.ts';
import { hookLog } from '../logging/hook-log.ts';
import type { Logger } from '../logging/logger.ts';
import type { System } from '../os/system.ts';
import type { Config } from '../settings.ts';
import type { BootFailure } from './boot-failure.ts';
import type { Crew } from './crew.ts';
import type { HookRunner } from './hook-runner.ts';
import type { Inbox } from './inbox.ts';
import type { Pool } from './pool.ts';
import type { ServedConfig, Sockets } from './sockets.ts';

/** What the arbiter acts with. The pool, which it decides on, is apart from this. */
export interface Master {
  readonly system: System;
  readonly inbox: Inbox;
  readonly log: Logger;
  readonly crew: Crew;
  readonly hooks: HookRunner;
  readonly sockets: Sockets;
  /** Where the configuration came from, for the next time it is read. */
  readonly request: LoadRequest;
  /** The configuration of each generation that may still be needed, with its sockets. See `forgetUnneeded`. */
  readonly configs: Map<number, ServedConfig>;
  /** Of workers that have not exited yet. */
  readonly bootFailures: Map<number, BootFailure>;
  /** Of workers that are not ready yet: the end of what they wrote. */
  readonly bootOutput: Map<number, string>;
  /** Workers that sent what is no message: the first of each is logged, and no flood of them fills the log. */
  readonly babblers: Set<number>;
  /** Workers that stop with the server and accept no more. */
  readonly refusing: Set<number>;
  /** What is told to the user if no worker ever becomes ready. */
  lastBootFailure: BootFailure | null;
  /** Why the start must stop, once the workers are gone. */
  fatal: TsunicornError | null;
}

/** The configuration that is in force. */
export function activeConfig(master: Master, pool: Pool): ServedConfig {
  const loaded = master.configs.get(pool.generation);
  if (loaded === undefined) throw new Error(`generation ${pool.generation} has no configuration`);
  return loaded;
}

/** The server as hooks in the master see it. */
export function serverInfo(facts: {
  readonly addresses: readonly string[];
  readonly target: number;
  readonly config: Config;
  readonly log: Logger;
}): ServerInfo {
  const { addresses, target, config, log } = facts;
  return { pid: process.pid, addresses, workers: target, config, log: hookLog(log) };
}

/** The server as it stands now. */
export function activeServerInfo(master: Master, pool: Pool): ServerInfo {
  const { config, listeners } = activeConfig(master, pool);
  return serverInfo({ addresses: listeners.map(({ url }) => url), target: pool.target, config, log: master.log });
}

/** A worker as hooks in the master see it. */
export function workerInfo(
  master: Master,
  worker: { readonly id: number; readonly generation: number },
  pid: number = master.crew.pidOf(worker.id),
): WorkerInfo {
  return { id: worker.id, generation: worker.generation, pid, log: hookLog(master.log) };
}

/** What identifies a worker in every line about it. */
export function identify(master: Master, { workerId }: { workerId: number }) {
  return { workerId, workerPid: master.crew.pidOf(workerId) };
}

/** The end of what a worker wrote while it booted, for a line of the log; nothing where it was silent. */
export function outputOf(master: Master, workerId: number): { readonly output?: string } {
  const output = master.bootOutput.get(workerId);
  return output === undefined ? {} : { output };
}
