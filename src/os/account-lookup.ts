import { userInfo } from 'node:os';

/** What the lookup says; `account.ts` starts it and reads it. */
export type LookupAnswer =
  | {
      readonly kind: 'found';
      readonly uid: number;
      readonly gid: number;
      readonly groups: readonly number[];
      /** `null`: no account has that number. */
      readonly name: string | null;
      readonly home: string | null;
    }
  | { readonly kind: 'unknownUser' | 'unknownGroup' | 'noGroup' | 'forbidden' };

/*
 * The entry of a process that becomes a user and a group, and says who that is. So the names are looked up just as they are when a worker
 * becomes them: by the C library, in files, LDAP or wherever the system has them. It is apart from the master, which must not become
 * somebody else even for a moment.
 */
const [user = '', group = ''] = process.argv.slice(2);
process.stdout.write(JSON.stringify(lookUp()));

function lookUp(): LookupAnswer {
  const wasRoot = process.geteuid?.() === 0;
  if (group !== '') {
    const failure = tryTo(() => process.setegid?.(idOf(group)));
    if (failure !== null) return { kind: failure === 'unknown' ? 'unknownGroup' : failure };
  }
  const chosenGid = group === '' ? undefined : process.getegid?.();
  if (user !== '') {
    const failure = tryTo(() => process.seteuid?.(idOf(user)));
    if (failure !== null) return { kind: failure === 'unknown' ? 'unknownUser' : failure };
  }
  const uid = process.geteuid?.() ?? 0;
  const account = accountOfEffectiveUser();
  // Whoever names only a group stays who he is.
  const gid = chosenGid ?? account?.gid;
  if (gid === undefined) return { kind: 'noGroup' };
  if (wasRoot) becomeMemberAgain(gid, user === '' ? null : account);
  const groups = process.getgroups?.() ?? [gid];
  const { username: name = null, homedir: home = null } = account ?? {};
  return { kind: 'found', uid, gid, groups, name, home };
}

/** As root again, the groups that the user has beside that one. */
function becomeMemberAgain(gid: number, account: { username: string } | null): void {
  process.seteuid?.(0);
  process.setgid?.(gid);
  if (account === null) process.setgroups?.([gid]);
  else {
    // Node has it, and its types have not.
    const initgroups = Reflect.get(process, 'initgroups') as (user: string, extraGroup: number) => void;
    initgroups(account.username, gid);
  }
}

function accountOfEffectiveUser(): { username: string; homedir: string; gid: number } | null {
  try {
    return userInfo();
  } catch {
    return null;
  }
}

function tryTo(become: () => void): 'unknown' | 'forbidden' | null {
  try {
    become();
    return null;
  } catch (error) {
    const isUnknown = error instanceof Error && 'code' in error && error.code === 'ERR_UNKNOWN_CREDENTIAL';
    return isUnknown ? 'unknown' : 'forbidden';
  }
}

function idOf(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}
