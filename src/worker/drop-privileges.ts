import { readdirSync, readFileSync } from 'node:fs';
import { errnoOf, messageOf, TsunicornError } from '../errors.ts';
import type { RunAs } from '../ipc/messages.ts';

/** What a process may do about its identity, of `process`: tests give another one. */
export interface IdentityCalls {
  setgroups(groups: number[]): void;
  setgid(gid: number): void;
  setuid(uid: number): void;
  getuid(): number;
  geteuid(): number;
  getgid(): number;
  getegid(): number;
  getgroups(): number[];
  seteuid(uid: number): void;
  setegid(gid: number): void;
}

const STATUS_OF_THREADS = '/proc/self/task';

/**
 * Makes this process that user for good, and its groups those of the user. Then it looks at the result from all sides, as a mistake here
 * would show itself only on the day of a break-in. It can not set `no_new_privs`, since Node offers no prctl(2).
 *
 * @throws TsunicornError `PRIVILEGES`; the process must end then
 */
export function dropPrivileges(wanted: RunAs, calls: IdentityCalls = identityCalls()): void {
  const { uid, gid, groups } = wanted;
  try {
    // In this order: only root may do the first two.
    calls.setgroups([...groups]);
    calls.setgid(gid);
    calls.setuid(uid);
  } catch (cause) {
    throw refusal(wanted, messageOf(cause), cause);
  }
  const faults = [...whatDiffers(wanted, calls), ...waysBack(wanted, calls), ...privilegedThreads(wanted)];
  if (faults.length > 0) throw refusal(wanted, faults.join('; '));
}

function refusal({ uid, gid, name }: RunAs, why: string, cause?: unknown): TsunicornError {
  const whom = name === null ? `uid ${uid}` : `user ${name} (uid ${uid})`;
  return new TsunicornError(
    'PRIVILEGES',
    `A worker can not become ${whom} in group ${gid}, and so does not start: ${why}.`,
    { cause },
  );
}

function whatDiffers({ uid, gid, groups }: RunAs, calls: IdentityCalls): string[] {
  const ids: readonly (readonly [string, number, number])[] = [
    ['user', calls.getuid(), uid],
    ['effective user', calls.geteuid(), uid],
    ['group', calls.getgid(), gid],
    ['effective group', calls.getegid(), gid],
  ];
  const wrong = ids
    .filter(([, is, wanted]) => is !== wanted)
    .map(([what, is, wanted]) => `its ${what} is ${is}, not ${wanted}`);
  return sorted(calls.getgroups()) === sorted([...groups, gid])
    ? wrong
    : [...wrong, `its groups are ${sorted(calls.getgroups())}`];
}

/** Whoever is root may become anybody. */
function waysBack({ uid, gid, groups }: RunAs, calls: IdentityCalls): string[] {
  if (uid === 0) return [];
  const attempts: readonly (readonly [string, () => void])[] = [
    ['user 0', () => calls.setuid(0)],
    ['effective user 0', () => calls.seteuid(0)],
    ...(gid === 0
      ? []
      : ([
          ['group 0', () => calls.setgid(0)],
          ['effective group 0', () => calls.setegid(0)],
        ] as const)),
    ['a member of other groups', () => calls.setgroups([...groups])],
  ];
  return attempts.filter(([, attempt]) => succeeds(attempt)).map(([what]) => `it could become ${what} again`);
}

function succeeds(attempt: () => void): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}

/**
 * What Linux says of each thread: real, effective, saved and file system ids, and capabilities, which Node does not tell
 * (proc_pid_status(5)). To the kernel each thread has an identity of its own, and the C library changes them one by one.
 */
function privilegedThreads(wanted: RunAs): string[] {
  if (process.platform !== 'linux') return [];
  try {
    return readdirSync(STATUS_OF_THREADS).flatMap((thread) => {
      const text = statusOf(thread);
      return text === null ? [] : statusFaults(text, wanted).map((fault) => `thread ${thread}: ${fault}`);
    });
  } catch (error) {
    return [`/proc does not tell whether it worked (${messageOf(error)})`];
  }
}

/** `null`: the thread is gone, and can do no harm. */
function statusOf(thread: string): string | null {
  try {
    return readFileSync(`${STATUS_OF_THREADS}/${thread}/status`, 'latin1');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(errnoOf(error) ?? '')) return null;
    throw error;
  }
}

/** What is wrong in the text of a `/proc/PID/status`. */
export function statusFaults(text: string, { uid, gid, groups }: RunAs): string[] {
  const read = (name: string) => new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, 'm').exec(text)?.[1] ?? '';
  const expected: readonly (readonly [string, string])[] = [
    ['Uid', Array(4).fill(uid).join(' ')],
    ['Gid', Array(4).fill(gid).join(' ')],
  ];
  const faults = expected
    .filter(([name, value]) => read(name).replaceAll(/\s+/g, ' ') !== value)
    .map(([name]) => `${name} is ${read(name)}`);
  const isMemberOf = read('Groups').split(/\s+/).filter(Boolean).map(Number);
  if (sorted([...isMemberOf, gid]) !== sorted([...groups, gid])) faults.push(`Groups is ${read('Groups')}`);
  if (uid === 0) return faults;
  const capable = ['CapPrm', 'CapEff', 'CapAmb'].filter((name) => !/^0+$/.test(read(name)));
  return [...faults, ...capable.map((name) => `${name} is ${read(name)}`)];
}

function sorted(ids: readonly number[]): string {
  return [...new Set(ids)].sort((one, other) => one - other).join(' ');
}

function identityCalls(): IdentityCalls {
  const { setgroups, setgid, setuid, getuid, geteuid, getgid, getegid, getgroups, seteuid, setegid } = process;
  if (
    setgroups === undefined ||
    setgid === undefined ||
    setuid === undefined ||
    getuid === undefined ||
    geteuid === undefined ||
    getgid === undefined ||
    getegid === undefined ||
    getgroups === undefined ||
    seteuid === undefined ||
    setegid === undefined
  ) {
    throw new TsunicornError('PRIVILEGES', 'This system has no users to become. Remove "user" and "group".');
  }
  return { setgroups, setgid, setuid, getuid, geteuid, getgid, getegid, getgroups, seteuid, setegid };
}
