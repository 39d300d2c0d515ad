import type { Inbox } from './inbox.ts';

/** `SIGCHLD` is not among them: libuv reaps, and an exit comes as an event of its own. */
const SIGNALS = [
  'SIGHUP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGTERM',
  'SIGINT',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
] as const satisfies readonly NodeJS.Signals[];

export type MasterSignal = (typeof SIGNALS)[number];

/** Installs the handlers, which enqueue and nothing more. To be called before anything else: an early HUP must not kill the master. */
export function listenForSignals(inbox: Pick<Inbox, 'push'>): void {
  for (const name of SIGNALS) process.on(name, () => inbox.push({ type: 'signal', name }));
}
