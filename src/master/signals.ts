import type { Inbox } from './inbox.ts';

const STOPS = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const satisfies readonly NodeJS.Signals[];
/** `SIGCHLD` is not among them: libuv reaps, and an exit comes as an event of its own. */
const OTHERS = [
  'SIGHUP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
] as const satisfies readonly NodeJS.Signals[];

export type MasterSignal = (typeof STOPS | typeof OTHERS)[number];

/**
 * Installs the handlers, which enqueue and nothing more. To be called before anything else: an early HUP must not kill the master.
 *
 * @returns what installs those of the signals that stop. Until then these end the process: nothing is open yet, and a config file that
 *   loops for ever would let no handler run.
 */
export function listenForSignals(inbox: Pick<Inbox, 'push'>): () => void {
  const listen = (names: readonly MasterSignal[]) => {
    for (const name of names) process.on(name, () => inbox.push({ type: 'signal', name }));
  };
  listen(OTHERS);
  return () => listen(STOPS);
}
