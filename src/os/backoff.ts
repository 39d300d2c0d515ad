const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;

/**
 * How long to wait before the next start after `failures` processes in a row died young: nothing after the first, then from half a second
 * doubling up to 30 s. `jitter` in [0, 1) takes off up to half, so that servers that fail together do not retry together.
 */
export function backoffMs(failures: number, jitter: number): number {
  if (failures <= 1) return 0;
  const fullMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 2));
  return Math.round(fullMs * (1 - jitter / 2));
}
