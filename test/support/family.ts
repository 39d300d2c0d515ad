import { descendants, identify, type ProcessIdentity, processesWithEnvironment, stillRuns } from './process-tree.ts';

/** The environment variable that marks every process of a server under test, also those that leave its tree. */
export const MARK = 'STARTED_BY_TEST';

/** All processes that belong to a server under test. */
export interface Family {
  /** Adds a pid that a log line named. */
  note(pid: number): void;
  /** Adds whatever `/proc` shows at this moment: descendants, and bearers of the mark. */
  scan(): void;
  /** The pids of those ever seen that still run; scans first. */
  alive(): number[];
  /** Kills them all, by pid, and only if the pid is still theirs. */
  kill(): void;
}

/** Follows the tree of `rootPid`, whose environment holds `MARK=mark`. */
export function followFamily(rootPid: number, mark: string): Family {
  const root = identify(rootPid);
  const seen = new Map<string, ProcessIdentity>();

  function note(pid: number): void {
    const identity = identify(pid);
    if (identity !== null && pid !== process.pid) seen.set(`${pid} ${identity.startTicks}`, identity);
  }
  function scan(): void {
    // Once the root is gone, its pid may be a stranger's, whose children are none of ours.
    const below = root !== null && stillRuns(root) ? descendants(rootPid) : [];
    for (const pid of [...below, ...processesWithEnvironment(MARK, mark)]) note(pid);
  }
  function alive(): number[] {
    scan();
    return [...seen.values()].filter(stillRuns).map((identity) => identity.pid);
  }
  note(rootPid);
  return {
    note,
    scan,
    alive,
    kill() {
      for (const pid of alive()) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It ended by itself in between.
        }
      }
    },
  };
}
