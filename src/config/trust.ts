import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isRoot, strangerTo } from '../os/trust.ts';

/** Something that others than root can change. */
interface Doubtful {
  readonly path: string;
  /** As in `it belongs to user 1000`. */
  readonly why: string;
}

/**
 * Why root should not do what a file says, in words: it, or the directory in which it can be replaced, can be written by others. `null`
 * where nobody can, and for whoever is not root. `what` is its name in the sentence.
 */
export function doubtAbout(path: string, what: string): string | null {
  if (!isRoot()) return null;
  const real = realpathSync(path);
  const directories = [...new Set([dirname(path), dirname(real)])];
  const doubtful = [doubtOf(real, 'file'), ...directories.map((directory) => doubtOf(directory, 'directory'))];
  const found = doubtful.filter((one) => one !== null);
  if (found.length === 0) return null;
  const reasons = found.map(({ path: place, why }) => `${place} ${why}`).join(', and ');
  const places = found.map((one) => quoted(one.path)).join(' ');
  return `others than root can change ${what}: ${reasons}. To mend it: chown root:root ${places}; chmod go-w ${places}`;
}

/** The same for a directory, as `/srv/app belongs to the user with uid 1000`. */
export function doubtAboutDirectory(directory: string): string | null {
  if (!isRoot()) return null;
  const doubt = doubtOf(directory, 'directory');
  return doubt === null ? null : `${directory} ${doubt.why}`;
}

function doubtOf(path: string, kind: 'file' | 'directory'): Doubtful | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  const stranger = stats === undefined ? null : strangerTo(stats, kind);
  if (stats === undefined || stranger === null) return null;
  const why = {
    owner: `belongs to the user with uid ${stats.uid}`,
    group: `can be written by the group with gid ${stats.gid}`,
    everybody: 'can be written by everybody',
  }[stranger];
  return { path, why };
}

/** For a shell. */
function quoted(path: string): string {
  return /^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
