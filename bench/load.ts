import { spawnSync } from 'node:child_process';

/** Throws with the repair when the load generator is not installed. */
export function requireWrk(): void {
  if (spawnSync('wrk', ['--version']).error === undefined) return;
  throw new Error(
    'The benchmarks need wrk. Install it (Debian: apt-get install wrk; macOS: brew install wrk) and try again.',
  );
}

/** Requests per second that a server answers on `connections` keep-alive connections. Throws when an answer was missing or no 2xx. */
export function measure(port: number, options: { seconds: number; connections: number }): number {
  const { seconds, connections } = options;
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, `http://127.0.0.1:${port}/`];
  const { stdout, status } = spawnSync('wrk', args, { encoding: 'utf8', timeout: (seconds + 30) * 1_000 });
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1];
  if (status !== 0 || rate === undefined || /Non-2xx|Socket errors/.test(stdout)) {
    throw new Error(`The load went wrong:\n${stdout}`);
  }
  return Number(rate);
}
