import { setTimeout as delay } from 'node:timers/promises';
import { openKeepAlive } from '../support/client.ts';

const REQUESTS_A_WINDOW = 400;
const PAUSE_MS = 1;

/** A client that asks for one small thing after the other, and how long it waits for each. */
export interface GoodClient {
  /** Measures this many windows; resolves with the 99th percentile of each, in milliseconds. */
  windows(count: number): Promise<number[]>;
  /** Measures until the promise is settled, one window at least. */
  during(what: Promise<unknown>): Promise<number[]>;
  close(): void;
}

/** Opens a connection and keeps it. Every request must be answered 200. */
export async function openGoodClient(port: number): Promise<GoodClient> {
  const connection = await openKeepAlive({ port });

  async function oneWindow(): Promise<number> {
    const latenciesMs: number[] = [];
    for (let request = 0; request < REQUESTS_A_WINDOW; request += 1) {
      const sinceMs = performance.now();
      const { status } = await connection.request('/good');
      latenciesMs.push(performance.now() - sinceMs);
      if (status !== 200) throw new Error(`the good client was answered ${status}`);
      await delay(PAUSE_MS);
    }
    return quantile(latenciesMs, 0.99);
  }

  return {
    async windows(count) {
      const seen: number[] = [];
      while (seen.length < count) seen.push(await oneWindow());
      return seen;
    },
    async during(what) {
      let isOver = false;
      const over = what.finally(() => {
        isOver = true;
      });
      const seen: number[] = [];
      // It is awaited in the end; until then nobody misses its failure.
      over.catch(() => {});
      do seen.push(await oneWindow());
      while (!isOver);
      await over;
      return seen;
    },
    close: () => connection.close(),
  };
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
