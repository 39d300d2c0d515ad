/** What a service manager tells the process that it starts: sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3). */
const VARIABLES = [
  'LISTEN_PID',
  'LISTEN_PIDFDID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
  'NOTIFY_SOCKET',
  'WATCHDOG_PID',
  'WATCHDOG_USEC',
] as const;

export type ManagerVariables = { readonly [Name in (typeof VARIABLES)[number]]?: string };

/** Whom to notify. */
export interface NotifyTarget {
  /** As in `NOTIFY_SOCKET`: a path, or `@` and an abstract name. */
  readonly socket: string;
  /** How often the service manager wants to hear that the server lives; `null`: it does not. */
  readonly watchdogMs: number | null;
}

/**
 * Takes the variables out of an environment: they are between the service manager and this process, and nothing that this process starts
 * may answer in its place.
 */
export function takeManagerVariables(env: NodeJS.ProcessEnv): ManagerVariables {
  const taken = Object.fromEntries(VARIABLES.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  for (const name of VARIABLES) delete env[name];
  return taken;
}

/** Whom the process with this pid is to notify; `null`: nobody waits for it. */
export function notifyTarget(variables: ManagerVariables, pid: number): NotifyTarget | null {
  const { NOTIFY_SOCKET: socket = '', WATCHDOG_PID = String(pid), WATCHDOG_USEC = '' } = variables;
  if (socket === '') return null;
  const usec = WATCHDOG_PID === String(pid) && /^\d{1,15}$/.test(WATCHDOG_USEC) ? Number(WATCHDOG_USEC) : 0;
  return { socket, watchdogMs: usec === 0 ? null : usec / 1_000 };
}
