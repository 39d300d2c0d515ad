import { constants } from 'node:os';

/** `'SIGTERM'` for 15. */
export function signalName(wanted: number): string {
  const found = Object.entries(constants.signals).find(([, number]) => number === wanted);
  return found?.[0] ?? `signal ${wanted}`;
}
