import { setTimeout as delay } from 'node:timers/promises';

/** How long and how often `eventually` looks. */
export interface EventuallyOptions {
  /** Default 5000. */
  readonly timeoutMs?: number;
  /** Default 20. */
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
  const { timeoutMs = 5_000, everyMs = 20, until = 'the check held' } = options;
  const giveUpAtMs = performance.now() + timeoutMs;
  let last: unknown;
  do {
    try {
      const seen = await check();
      if (seen) return seen;
      last = undefined;
    } catch (thrown) {
      last = thrown;
    }
    await delay(everyMs);
  } while (performance.now() < giveUpAtMs);
  const why = last instanceof Error ? `: ${last.message}` : '';
  throw new Error(`gave up after ${timeoutMs} ms waiting until ${until}${why}`, { cause: last });
}
