/** What one run of wrk measured. */
export interface Measured {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** 99 of 100 requests were answered within so many milliseconds. */
  readonly p99Ms: number;
}

const MS_OF: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000 };

/**
 * Reads what `wrk --latency` prints. Throws when a connection failed, an answer was no 2xx or 3xx, or a figure is missing. Where it `forgives`,
 * failed connections are all right, and a run without an answer counts as one with a single answer in all its time, so that there is a ratio.
 */
export function parseWrk(output: string, forgives: { readonly ranForMs: number } | null = null): Measured {
  const count = /^\s+(\d+) requests in /m.exec(output)?.[1];
  const rate = /^Requests\/sec:\s+([\d.]+)$/m.exec(output)?.[1];
  const [, p99, unit = ''] = /^\s+99%\s+([\d.]+)(us|ms|s|m)\s*$/m.exec(output) ?? [];
  const failure = /^\s*(Socket errors|Non-2xx).*$/m.exec(output)?.[0].trim();
  if (failure !== undefined && !(forgives !== null && failure.startsWith('Socket')))
    throw new Error(`Not every request was answered well: ${failure}`);
  const requests = Number(count);
  const requestsPerSecond = Number(rate);
  const p99Ms = Number(p99) * (MS_OF[unit] ?? Number.NaN);
  if (requests > 0 && requestsPerSecond > 0 && p99Ms >= 0) return { requests, requestsPerSecond, p99Ms };
  const isEmpty = requests === 0 || output === '' || output.startsWith('unable to connect');
  if (forgives !== null && isEmpty) {
    return { requests: 1, requestsPerSecond: 1_000 / forgives.ranForMs, p99Ms: forgives.ranForMs };
  }
  throw new Error(`wrk measured nothing. It said:\n${output}`);
}
