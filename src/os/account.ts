import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { unreachable } from '../errors.ts';
import type { LookupAnswer } from './account-lookup.ts';

const LOOKUP_SCRIPT = fileURLToPath(new URL('./account-lookup.js', import.meta.url));
/** A directory of users on another machine may be slow, or gone. */
const LOOK_UP_WITHIN_MS = 10_000;

/** Whom a worker becomes. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  /** All groups of the user, with `gid`. */
  readonly groups: readonly number[];
  /** `null`: no account has the number. */
  readonly name: string | null;
  readonly home: string | null;
  /** Whether `user` was given: with `group` alone it is still root. */
  readonly isChosen: boolean;
}

/** The settings `user` and `group`: a name or digits each. */
export interface AccountNames {
  readonly user: string | null;
  readonly group: string | null;
}

/** The variables of Node that keep a process from becoming another user: with io_uring it refuses (CVE-2024-22017). */
export const HINDERS_SETUID = 'UV_USE_IO_URING';

/**
 * Whom the workers become; `null` where there is nothing to do, since nothing is asked for, or this is the user already. The fault is a
 * sentence.
 */
export function lookUpAccount(names: AccountNames): { account: Account | null } | { fault: string } {
  const { user, group } = names;
  if (user === null && group === null) return { account: null };
  const answer = ask(names);
  switch (answer.kind) {
    case 'found': {
      const { kind: _, ...found } = answer;
      if (process.geteuid?.() !== 0) return found.uid === process.geteuid?.() ? { account: null } : notRoot(names);
      return { account: { ...found, isChosen: user !== null } };
    }
    case 'unknownUser':
      return { fault: `"user" is "${user}", and this machine has no such user. Correct the name, or make the user.` };
    case 'unknownGroup':
      return {
        fault: `"group" is "${group}", and this machine has no such group. Correct the name, or make the group.`,
      };
    case 'noGroup':
      return { fault: `"user" is ${user}, a number that no account has, so its group is unknown. Set "group" too.` };
    case 'forbidden':
      return notRoot(names);
    case 'failed':
      return { fault: `${described(names)} can not be looked up: ${answer.why}. Start the server again.` };
    default:
      return unreachable(answer);
  }
}

function ask({ user, group }: AccountNames): LookupAnswer | { kind: 'failed'; why: string } {
  const { [HINDERS_SETUID]: _, NODE_OPTIONS: __, ...env } = process.env;
  try {
    const text = execFileSync(process.execPath, [LOOKUP_SCRIPT, user ?? '', group ?? ''], {
      env,
      encoding: 'utf8',
      timeout: LOOK_UP_WITHIN_MS,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // Our own program wrote it.
    return JSON.parse(text) as LookupAnswer;
  } catch (error) {
    return { kind: 'failed', why: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) };
  }
}

function described({ user, group }: AccountNames): string {
  const parts = [...(user === null ? [] : [`"user" (${user})`]), ...(group === null ? [] : [`"group" (${group})`])];
  return parts.join(' and ');
}

function notRoot(names: AccountNames): { fault: string } {
  const fault = `${described(names)} is not who starts the server (uid ${process.geteuid?.()}), and only root can become somebody else. Start it as root or as that user, or remove the setting.`;
  return { fault };
}
