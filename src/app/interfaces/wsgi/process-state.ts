import { readFileSync } from 'node:fs';

/** The letter that proc_pid_stat(5) has for the state of a process; `null` where it is gone, and on macOS. */
export function processState(pid: number): string | null {
  try {
    // The name before it is in parentheses, and may hold some.
    return / ([A-Za-z]) [^)]*$/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1] ?? null;
  } catch {
    return null;
  }
}
