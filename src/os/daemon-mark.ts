/**
 * Tells a process that it is the server that was sent to the background: how it came there, and the pid of the process that started it. So a
 * variable that somebody exported, or that was inherited by chance, means nothing. It never reaches a worker.
 */
export const DAEMON_VARIABLE = 'TSUNICORN_DAEMON';

/** `started`: a command waits for it; `succeeds`: it was started by the server that it takes the place of. */
export type DaemonOrigin = 'started' | 'succeeds';

/**
 * How this process came to be the server in the background; `null`: it is not. In the environment it then stands for those that it starts to
 * take its place. To be asked first of all, before anybody keeps the environment as it is.
 */
export function takeDaemonOrigin(
  env: NodeJS.ProcessEnv = process.env,
  { pid, ppid }: { pid: number; ppid: number } = process,
): DaemonOrigin | null {
  const [, origin, starter] = /^(started|succeeds):(\d+)$/.exec(env[DAEMON_VARIABLE] ?? '') ?? [];
  if (Number(starter) !== ppid) {
    delete env[DAEMON_VARIABLE];
    return null;
  }
  env[DAEMON_VARIABLE] = daemonMark('succeeds', pid);
  return origin === 'started' ? 'started' : 'succeeds';
}

/** What a process says in the variable to one that it starts. */
export function daemonMark(origin: DaemonOrigin, pid: number = process.pid): string {
  return `${origin}:${pid}`;
}
