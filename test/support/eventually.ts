import { setTimeout as delay } from 'node:timers/promises';

const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 20;

/** How long and how often `eventually` looks. */
export interface EventuallyOptions {
  /** Default 5000. */
  readonly timeoutMs?: number;
  /** Default 1, then twice as long each time, up to 20: most of what is waited for is there at once. */
  readonly everyMs?: number;
  /** What is waited for, as it ends the sentence 'gave up after 5000 ms waiting until …'. */
  readonly until?: string;
}

/**
 * Looks until `check` returns something truthy, and resolves with it. Only for conditions that announce themselves by no event (a file,
 * `/proc`); whatever the server logs is awaited with `server.event()`. A check that throws counts as 'not yet'.
 *
 * @throws when the time is over; `cause` is what the last check threw.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<NonNullable<T>> {
  const { timeoutMs = 5_000, everyMs, until = 'the check held' } = options;
  const giveUpAtMs = performance.now() + timeoutMs;
  let last: unknown;
  let waitMs = everyMs ?? FIRST_WAIT_MS;
  do {
    try {
      const seen = await check();
      if (seen) return seen;
      last = undefined;
    } catch (thrown) {
      last = thrown;
    }
    await delay(waitMs);
    if (everyMs === undefined) waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
  } while (performance.now() < giveUpAtMs);
  const why = last instanceof Error ? `: ${last.message}` : '';
  throw new Error(`gave up after ${timeoutMs} ms waiting until ${until}${why}`, { cause: last });
}
