import type { ReadableStream } from 'node:stream/web';

/** A request as the HTTP engine gives it, before anything of it is parsed. The engine owns it. */
export interface RequestSource {
  readonly method: string;
  /**
   * Scheme and authority as they arrived, such as `http://localhost:8000`: not yet normalised, but checked, so that a URL of it parses.
   * Best the same string for all requests with the same Host.
   */
  readonly origin: string;
  /** Path and query as they arrived, starting with a slash. */
  readonly target: string;
  /** Names as sent and values, alternating, latin1; already checked. */
  readonly fields: readonly string[];
  /** `null`: the request has no body. */
  readonly body: BodySource | null;
  /** Calls `listener` once when the client is gone before the answer was finished; at once if it is gone already. */
  onAbort(listener: () => void): void;
}

/** The body of a request that is still to be read. Either member is called, once. */
export interface BodySource {
  /** The whole body, not copied when it came in one piece. The caller owns what it gets. Rejects on a bad or truncated body. */
  bytes(): Promise<Uint8Array>;
  /** A byte stream with backpressure; errors on a bad or truncated body. */
  stream(): ReadableStream<Uint8Array>;
}
