import { realpathSync } from 'node:fs';

/**
 * The directory the server was started in, as the operator named it. `process.cwd()` has symbolic links resolved: after `current` was
 * switched to the next release, a reload would still start workers in the old one. The shell's `PWD` keeps the link.
 */
export function startDirectory(): string {
  const resolved = process.cwd();
  const { PWD } = process.env;
  try {
    return PWD?.startsWith('/') === true && realpathSync(PWD) === resolved ? PWD : resolved;
  } catch {
    return resolved;
  }
}
