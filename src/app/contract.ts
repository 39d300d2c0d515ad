import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How connections are treated, in milliseconds, whatever interface the application has. */
export interface ServiceLimits {
  /** 0: every answer closes its connection. */
  readonly keepAliveMs: number;
  readonly drainIdleTimeoutMs: number;
}

/** What a service tells about its requests. Only members that somebody needs are set: an absent one costs nothing. */
export interface RequestObserver {
  /** A request's head is complete; called before the application. */
  started?(request: IncomingMessage, response: ServerResponse): void;
  /** The answer is finished, or its connection is gone. Called once for each request. */
  finished?(request: IncomingMessage, response: ServerResponse): void;
  /** The application's listener threw or rejected. */
  failed(error: unknown, request: IncomingMessage): void;
}

export interface ServiceOptions {
  readonly limits: ServiceLimits;
  readonly observer: RequestObserver;
}

/** An application that takes connections, whatever its interface. The worker owns it. */
export interface Service {
  /** Takes over an accepted connection. */
  accept(socket: Socket): void;
  /** How many connections are open. */
  connections(): number;
  /**
   * Answers what is in flight with `Connection: close`, lets idle connections send one more request for `drainIdleTimeoutMs`, then closes
   * them (`'quick'`: idle ones at once). Resolves when no connection is left; calling it again hurries a drain under way. A connection
   * that is accepted meanwhile, or later, is treated the same, and has all of `drainIdleTimeoutMs` for its request; after the end of a
   * drain it is waited for by the next call.
   */
  drain(pace: 'graceful' | 'quick'): Promise<void>;
  /** Cuts every connection that is left, and says how many there were. */
  cut(): number;
}
