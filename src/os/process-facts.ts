import { readFileSync } from 'node:fs';

/** What the kernel says of a process. */
export interface ProcessFacts {
  /** Of its main thread: `waiting` is for a disk or a network file system, where no signal reaches it. */
  readonly state: 'running' | 'sleeping' | 'waiting' | 'stopped' | 'dead' | 'unknown';
  /** Since it was started, of all its threads, and of the kernel for it. */
  readonly cpuSeconds: number;
}

const STATES: Readonly<Record<string, ProcessFacts['state']>> = {
  R: 'running',
  S: 'sleeping',
  D: 'waiting',
  T: 'stopped',
  t: 'stopped',
  Z: 'dead',
  X: 'dead',
};

/** The unit of times in proc(5): USER_HZ, which Linux gives as 100 on every machine that Node runs on. */
const TICKS_PER_SECOND = 100;
/** Behind the name, where the state is the first (proc_pid_stat(5)). */
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

/** Facts in a text of proc_pid_stat(5); `null` when they are not there. */
export function parseProcessStat(stat: string): ProcessFacts | null {
  // The name stands in parentheses, and may hold any character, these too.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS]);
  if (!Number.isFinite(ticks)) return null;
  return { state: STATES[fields[0] ?? ''] ?? 'unknown', cpuSeconds: ticks / TICKS_PER_SECOND };
}

/** `null` where the process is gone, and on macOS. */
export function readProcessFacts(pid: number): ProcessFacts | null {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return null;
  }
}
