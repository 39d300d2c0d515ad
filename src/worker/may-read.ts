import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeThrown } from '../app/describe.ts';
import { candidateFiles, parseTarget } from '../app/target.ts';
import { errnoOf, TsunicornError } from '../errors.ts';
import type { RunAs } from '../ipc/messages.ts';
import type { Config } from '../settings.ts';

const PACKAGE_FILE = fileURLToPath(new URL('../../package.json', import.meta.url));

/**
 * Looks whether the user that this process has become may read the server itself and the application, since whatever reads them first would
 * only say that they are not there.
 *
 * @throws TsunicornError `PRIVILEGES`
 */
export function checkReadable({ app }: Config, { directory, runAs }: { directory: string; runAs: RunAs }): void {
  const closed = (what: string, path: string, repair: string) =>
    new TsunicornError(
      'PRIVILEGES',
      `As ${whom(runAs)} a worker may not read ${what}: ${path} is closed to it. ${repair}`,
    );
  const server = closedPart(PACKAGE_FILE);
  if (server !== null) {
    throw closed('the server itself', server, 'Install it where that user may read it, such as below /opt or /srv.');
  }
  const repair = 'Let that user or its groups in (chmod, chgrp), or move the application.';
  const entered = closedPart(join(directory, '.'), constants.X_OK);
  if (entered !== null) throw closed('the directory of the application', entered, repair);
  const path = resolve(directory, parseTarget(app).path);
  const file = candidateFiles(path).find((candidate) => existsSync(candidate)) ?? path;
  const part = closedPart(file);
  if (part !== null) throw closed('the application', part, repair);
}

/** The error with a word about who met it: most failures of a worker that is not root any more come from that. */
export function withIdentity(error: unknown, runAs: RunAs | null): unknown {
  if (runAs === null || (error instanceof TsunicornError && error.code === 'PRIVILEGES')) return error;
  const text = `${describeThrown(error)}\n\nThe worker runs as ${whom(runAs)}.`;
  const code = error instanceof TsunicornError ? error.code : 'APP_LOAD';
  return new TsunicornError(code, text, { cause: error });
}

function whom({ uid, gid, name }: RunAs): string {
  return name === null ? `uid ${uid} (gid ${gid})` : `user ${name} (uid ${uid}, gid ${gid})`;
}

/** The first directory on the way that may not be entered, or the path itself when it may not be read; `null`: neither. */
function closedPart(path: string, mode: number = constants.R_OK): string | null {
  const parent = dirname(path);
  const above = parent === path ? null : closedPart(parent, constants.X_OK);
  if (above !== null) return above;
  try {
    accessSync(path, mode);
    return null;
  } catch (error) {
    return errnoOf(error) === 'EACCES' ? path : null;
  }
}
