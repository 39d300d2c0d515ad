import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** What a fetch application gets beside the request. */
export interface FetchContext {
  /** The client's address, proxies that are trusted taken off; `''` on a unix socket without one. */
  readonly clientAddress: string;
  /** The environment of the worker. */
  readonly env: NodeJS.ProcessEnv;
  /** Work that goes on after the answer. A worker that leaves waits for it, within `gracefulTimeout`; a rejection is logged. */
  waitUntil(promise: Promise<unknown>): void;
  /**
   * Answers 101 and gives the connection as a stream, for WebSockets and their kind. What the application returns then does not matter.
   *
   * @throws TypeError when the client did not ask for an upgrade.
   */
  upgrade(): Duplex;
}

/**
 * A fetch application, for `satisfies`, which gives the parameters of `fetch` their types:
 *
 * ```ts
 * export default {
 *   fetch: (request, context) => new Response(`${request.method} by ${context.clientAddress}`),
 * } satisfies FetchApplication;
 * ```
 */
export interface FetchApplication {
  fetch(request: Request, context: FetchContext): Response | Promise<Response>;
}

/** An application of the interface `node` in its simplest form, sync or async. What it returns is not looked at, but for a rejection. */
export type NodeApplication = (request: IncomingMessage, response: ServerResponse) => unknown;
