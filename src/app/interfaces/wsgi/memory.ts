import { readFile } from 'node:fs/promises';

/** The resident set in a text of proc_pid_status(5), in MiB; `null` when it is not there (a zombie has none). */
export function parseResidentMiB(status: string): number | null {
  const [, kibibytes] = /^VmRSS:\s*(\d+) kB$/m.exec(status) ?? [];
  return kibibytes === undefined ? null : Number(kibibytes) / 1024;
}

/**
 * What a process has in memory, in MiB, as `ps` shows it: pages shared with the zygote included. The proportional share would be fairer,
 * but the kernel walks all pages for it. `null` where the process is gone, and on macOS.
 */
export async function readMemory(pid: number): Promise<number | null> {
  try {
    return parseResidentMiB(await readFile(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return null;
  }
}
