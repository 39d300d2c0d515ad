import { fetchText } from '../../support/client.ts';
import type { Server } from '../../support/server.ts';

/** What the application `slow-clients.mjs` has counted. */
export interface Counts {
  /** Requests whose abort signal fired. */
  readonly aborts: number;
  /** Answers that were given up. */
  readonly cancels: number;
  readonly failedReads: number;
}

export async function countsOf(server: Server): Promise<Counts> {
  const { text } = await fetchText(server.url, { path: '/counts' });
  return JSON.parse(text) as Counts;
}

export function get(path: string, ...fields: string[]): string {
  return head(`GET ${path} HTTP/1.1`, fields);
}

/** The head of a POST; its framing is among the fields. */
export function post(path: string, ...fields: string[]): string {
  return head(`POST ${path} HTTP/1.1`, fields);
}

function head(line: string, fields: readonly string[]): string {
  return `${[line, 'Host: a', ...fields].join('\r\n')}\r\n\r\n`;
}
