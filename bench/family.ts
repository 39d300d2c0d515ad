import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** The process and all that it started, the oldest first. Only Linux tells; elsewhere it stands alone. */
export function familyOf(pid: number): number[] {
  if (!existsSync(`/proc/${pid}/task`)) return [pid];
  const descendants = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...descendants.flatMap(familyOf)];
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Resident memory in MiB. NaN where the system has no /proc, or when the process is gone. */
export function residentMiB(pid: number): number {
  const path = `/proc/${pid}/status`;
  const kib = existsSync(path) ? /VmRSS:\s+(\d+)/.exec(readFileSync(path, 'utf8'))?.[1] : undefined;
  return kib === undefined ? Number.NaN : Number(kib) / 1024;
}

/** Clock ticks a second in /proc, as Linux fixed it for all programs. */
const TICKS = 100;

/** Processor time in ms that these processes took so far. NaN where the system has no /proc, or when one is gone. */
export function cpuMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0);
}

function cpuMsOf(pid: number): number {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return Number.NaN;
  // After the name, which stands in brackets and may hold blanks; proc_pid_stat(5) counts the fields: utime is 14, stime 15.
  const fields = readFileSync(path, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS;
}
