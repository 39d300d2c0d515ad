import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * In life an attacker, a good client and the server have a machine each. Here the server gets a processor of its own, and of the other one the
 * attacker gets what the good client leaves (`SCHED_IDLE`): what `slowhttptest` spends on looking at its connections without a pause, most of
 * a core, is no part of what it does to the server.
 */

const processors = allowedProcessors();
const clients = processors.at(0);
const servers = processors.at(-1);
const canBeApart = clients !== servers && spawnSync('taskset', ['--version']).error === undefined;

/** Places what `start` starts on the server's processor, and this process, which is the good client, on the other one until `restore`. */
export async function startApart<T>(start: () => Promise<T>): Promise<{ started: T; restore(): void }> {
  if (!canBeApart) return { started: await start(), restore() {} };
  pin(process.pid, `${servers}`);
  const started = await start();
  pin(process.pid, `${clients}`);
  return { started, restore: () => pin(process.pid, processors.join(',')) };
}

/** The command line that runs an attacker in its place. */
export function asAttacker(command: readonly string[]): readonly string[] {
  return canBeApart ? ['taskset', '--cpu-list', `${clients}`, 'chrt', '--idle', '0', ...command] : command;
}

function pin(pid: number, processors: string): void {
  const { status, stderr } = spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', processors, `${pid}`]);
  if (status !== 0) throw new Error(`taskset did not move process ${pid} to processor ${processors}: ${stderr}`);
}

/** From `0-1` or `0,2-3` in /proc; none where there is no /proc. */
function allowedProcessors(): readonly number[] {
  let list: string | undefined;
  try {
    list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  } catch {
    return [];
  }
  return (list ?? '').split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
  });
}
