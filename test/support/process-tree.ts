import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process and when it started: by the time a pid is looked at again, it may belong to a stranger. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot, field 22 of proc_pid_stat(5). */
  readonly startTicks: number;
}

interface Stat extends ProcessIdentity {
  readonly state: string;
  readonly parentPid: number;
}

const LISTEN = '0A';

/** Whether `pid` runs. A zombie is dead: it holds nothing but its exit status. Linux only, as is this whole file. */
export function isAlive(pid: number): boolean {
  return identify(pid) !== null;
}

/** The process that has `pid` at this moment, or `null` where none runs. */
export function identify(pid: number): ProcessIdentity | null {
  const stat = readStat(pid);
  return stat === null || isDead(stat) ? null : { pid, startTicks: stat.startTicks };
}

/** Whether this very process still runs, and not another one that was given its pid. */
export function stillRuns(known: ProcessIdentity): boolean {
  return identify(known.pid)?.startTicks === known.startTicks;
}

/** The live children of `pid`, oldest pid first. */
export function children(pid: number): number[] {
  return liveProcesses()
    .filter((stat) => stat.parentPid === pid)
    .map((stat) => stat.pid);
}

/** The live children of `pid`, their children, and so on; without `pid` itself. */
export function descendants(pid: number): number[] {
  const all = liveProcesses();
  const found: number[] = [];
  let parents = new Set([pid]);
  while (parents.size > 0) {
    const next = all.filter((stat) => parents.has(stat.parentPid)).map((stat) => stat.pid);
    found.push(...next);
    parents = new Set(next);
  }
  return found;
}

/** The live processes whose first environment holds `NAME=value`: this finds also those that left the tree by a double fork. */
export function processesWithEnvironment(name: string, value: string): number[] {
  const entry = `\0${name}=${value}\0`;
  return liveProcesses()
    .map((stat) => stat.pid)
    .filter((pid) => `\0${readOrEmpty(`/proc/${pid}/environ`)}`.includes(entry));
}

/** What the descriptors of `pid` point to (`'socket:[1234]'`, `'/dev/null'`), in order of descriptor; empty where it is gone. */
export function openFds(pid: number): string[] {
  return numbersIn(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

/** VmRSS of proc_pid_status(5); NaN where it is gone. */
export function rssBytes(pid: number): number {
  const [, kib = 'NaN'] = /^VmRSS:\s+(\d+) kB$/m.exec(readOrEmpty(`/proc/${pid}/status`)) ?? [];
  return Number(kib) * 1_024;
}

/** User and system time of `pid` so far, in seconds (fields 14 and 15 of proc_pid_stat(5), at the 100 ticks a second that Linux shows). */
export function cpuSeconds(pid: number): number {
  const text = readOrEmpty(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Whether any process of this network namespace listens on TCP `port`, on any address. */
export function listening(port: number): boolean {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return ['/proc/net/tcp', '/proc/net/tcp6'].some((table) =>
    readOrEmpty(table)
      .split('\n')
      .some((row) => {
        const [, local, , state] = row.trim().split(/\s+/);
        return state === LISTEN && local?.endsWith(suffix) === true;
      }),
  );
}

/** How many sockets of this process listen on TCP. */
export function listeningSockets(pid: number): number {
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => readOrEmpty(table).split('\n'));
  const listeners = new Set(
    rows.map((row) => row.trim().split(/\s+/)).flatMap(([, , , state, ...rest]) => (state === LISTEN ? [rest[5]] : [])),
  );
  return openFds(pid).filter((target) => listeners.has(/^socket:\[(\d+)\]$/.exec(target)?.[1])).length;
}

function liveProcesses(): Stat[] {
  return numbersIn('/proc')
    .map(readStat)
    .filter((stat) => stat !== null)
    .filter((stat) => !isDead(stat));
}

function isDead(stat: Stat): boolean {
  return stat.state === 'Z' || stat.state === 'X';
}

function readStat(pid: number): Stat | null {
  const text = readOrEmpty(`/proc/${pid}/stat`);
  // The name stands in parentheses and may hold spaces and parentheses itself: the fields begin after the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parentPid] = fields;
  const startTicks = fields[19];
  if (state === undefined || parentPid === undefined || startTicks === undefined) return null;
  return { pid, state, parentPid: Number(parentPid), startTicks: Number(startTicks) };
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .sort((a, b) => a - b);
  } catch {
    return [];
  }
}
