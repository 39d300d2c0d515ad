import { fileURLToPath } from 'node:url';
import { hasWorkerHook } from '../config/hooks.ts';
import { type InheritedListener, type MasterMessage, parseWorkerMessage } from '../ipc/messages.ts';
import { FIRST_INHERITED_FD, type OwnedProcess, type System } from '../os/system.ts';
import type { Inbox } from './inbox.ts';
import type { ServedConfig, Sockets } from './sockets.ts';
import { ticketKeysOf } from './ticket-keys.ts';

const WORKER_SCRIPT = fileURLToPath(new URL('../worker/main.js', import.meta.url));

/** The worker processes that were started and are not yet reaped. */
export interface Crew {
  /** Starts a worker; what becomes of it comes through the inbox. Returns its pid, 0 when it could not be started. */
  spawn(worker: { id: number; generation: number }, loaded: ServedConfig): number;
  send(workerId: number, message: MasterMessage): void;
  sendToAll(message: MasterMessage): void;
  signal(workerId: number, name: 'SIGABRT' | 'SIGKILL'): void;
  pidOf(workerId: number): number;
}

export function createCrew(context: {
  system: System;
  inbox: Pick<Inbox, 'push'>;
  /** Of all that are held, none may reach a worker that it is not meant for. */
  sockets: Pick<Sockets, 'all'>;
  cwd: string;
  /** The same for the whole life of the master; see `ticketKeysOf`. */
  ticketSecret: Buffer;
}): Crew {
  const { system, inbox, sockets, cwd, ticketSecret } = context;
  const processes = new Map<number, OwnedProcess>();

  return {
    spawn({ id, generation }, loaded) {
      const { config, hooks, file, tls, listeners } = loaded;
      const inherited: InheritedListener[] = listeners.map(({ url }, index) => ({
        fd: FIRST_INHERITED_FD + index,
        url,
      }));
      const process = system.spawn(
        {
          script: WORKER_SCRIPT,
          cwd: config.chdir ?? cwd,
          env: workerEnvironment(config.env),
          inheritFds: listeners.map(({ fd }) => fd),
          withholdFds: sockets.all().flatMap(({ address }) => (address.kind === 'fd' ? [address.fd] : [])),
        },
        {
          onMessage: (raw) => inbox.push({ type: 'workerMessage', workerId: id, message: parseWorkerMessage(raw) }),
          onUnreachable: () => inbox.push({ type: 'workerUnreachable', workerId: id }),
          onExit: (exit) => {
            processes.delete(id);
            inbox.push({ type: 'workerExited', workerId: id, workerPid: process.pid, ...exit });
          },
        },
      );
      processes.set(id, process);
      const message: MasterMessage = {
        type: 'boot',
        workerId: id,
        generation,
        listeners: inherited,
        config,
        configFile: hasWorkerHook(hooks) ? file : null,
        tls: tls === null ? null : { ...tls, ticketKeys: ticketKeysOf(ticketSecret, { ...loaded, tls, generation }) },
      };
      process.send(message);
      return process.pid;
    },
    send: (workerId, message) => processes.get(workerId)?.send(message),
    sendToAll(message) {
      for (const process of processes.values()) process.send(message);
    },
    signal: (workerId, name) => processes.get(workerId)?.signal(name),
    pidOf: (workerId) => processes.get(workerId)?.pid ?? 0,
  };
}

/** Socket activation is between the service manager and the master: nothing of it is a worker's business (sd_listen_fds(3)). */
function workerEnvironment(own: Readonly<Record<string, string>>): Record<string, string | undefined> {
  const { LISTEN_PID: _pid, LISTEN_FDS: _fds, LISTEN_FDNAMES: _names, ...environment } = process.env;
  return { ...environment, ...own };
}
