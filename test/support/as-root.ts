import { chmodSync } from 'node:fs';
import type { AsyncFunc } from 'mocha';

/** Whether the tests run as root. */
export const isRoot = process.geteuid?.() === 0;

/** A test that only root can make: elsewhere it is pending, with the reason in its title. */
export function itAsRoot(title: string, test: AsyncFunc): void {
  if (isRoot) it(title, test);
  else it(`${title} (only root can become another user)`);
}

/** Two users that every Linux has, and that are not root. */
export const SOMEBODY = { name: 'nobody', uid: 65_534, gid: 65_534 } as const;
export const SOMEBODY_ELSE = { name: 'daemon', uid: 1, gid: 1 } as const;

/** Lets everybody enter a directory of the tests, which is made for root alone. */
export function openTo(path: string): string {
  chmodSync(path, 0o755);
  return path;
}
