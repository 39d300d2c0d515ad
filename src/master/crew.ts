import { fileURLToPath } from 'node:url';
import { hasWorkerHook } from '../config/hooks.ts';
import { type InheritedListener, type MasterMessage, parseWorkerMessage } from '../ipc/messages.ts';
import { type Account, HINDERS_SETUID } from '../os/account.ts';
import { DAEMON_VARIABLE } from '../os/daemon-mark.ts';
import { FIRST_INHERITED_FD, type OwnedProcess, type System } from '../os/system.ts';
import type { Inbox } from './inbox.ts';
import { handOverLogs } from './log-files.ts';
import type { ServedConfig, Sockets } from './sockets.ts';
import { ticketKeysOf } from './ticket-keys.ts';

const WORKER_SCRIPT = fileURLToPath(new URL('../worker/main.js', import.meta.url));

/** The worker processes that were started and are not yet reaped. */
export interface Crew {
  /** Starts a worker; what becomes of it comes through the inbox. Returns its pid, 0 when it could not be started. */
  spawn(worker: { id: number; generation: number; quiet: boolean }, loaded: ServedConfig): number;
  send(workerId: number, message: MasterMessage): void;
  sendToAll(message: MasterMessage): void;
  signal(workerId: number, name: 'SIGABRT' | 'SIGKILL'): void;
  pidOf(workerId: number): number;
}

export function createCrew(context: {
  system: System;
  inbox: Pick<Inbox, 'push'>;
  /** Of all that are held, none may reach a worker that it is not meant for. */
  sockets: Pick<Sockets, 'withheldFds'>;
  cwd: string;
  /** The same for the whole life of the master; see `ticketKeysOf`. */
  ticketSecret: Buffer;
}): Crew {
  const { system, inbox, sockets, cwd, ticketSecret } = context;
  const processes = new Map<number, OwnedProcess>();

  return {
    spawn({ id, generation, quiet }, loaded) {
      const { config, hooks, file, tls, listeners, account } = loaded;
      handOverLogs(loaded);
      const inherited: InheritedListener[] = listeners.map(({ url }, index) => ({
        fd: FIRST_INHERITED_FD + index,
        url,
      }));
      const process = system.spawn(
        {
          script: WORKER_SCRIPT,
          cwd: config.chdir ?? cwd,
          env: workerEnvironment(config.env, account),
          inheritFds: listeners.map(({ fd }) => fd),
          withholdFds: sockets.withheldFds(),
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
        quiet,
        config,
        configFile: hasWorkerHook(hooks) ? file : null,
        tls: tls === null ? null : { ...tls, ticketKeys: ticketKeysOf(ticketSecret, { ...loaded, tls, generation }) },
        runAs: account,
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

/** Without what a service manager told the master: that was taken out at its start (`takeManagerVariables`). */
function workerEnvironment(
  own: Readonly<Record<string, string>>,
  account: Account | null,
): Record<string, string | undefined> {
  const { [DAEMON_VARIABLE]: _daemon, ...environment } = process.env;
  if (account === null) return { ...environment, ...own };
  const { [HINDERS_SETUID]: _, ...all } = { ...environment, ...homeOf(account), ...own };
  return all;
}

/** What login(1) sets, and systemd for `User=`: with root's home a worker would look for its files where it may not. */
function homeOf({ name, home, isChosen }: Account): Record<string, string | undefined> {
  if (!isChosen) return {};
  const user = name ?? undefined;
  return { HOME: home ?? '/', USER: user, LOGNAME: user };
}
