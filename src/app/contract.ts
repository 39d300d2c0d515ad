import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpLimits } from '../http/limits.ts';
import type { Peer } from '../http/peer.ts';

/** How connections are treated, whatever interface the application has. */
export type ServiceLimits = HttpLimits;

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
  /** What answers say in `Server` where the application does not; `null`: nothing. */
  readonly serverHeader: string | null;
  /** The server answered a request itself. `reason` holds nothing of what the client sent. */
  refused?(status: number, reason: string): void;
}

/** An application that takes connections, whatever its interface. The worker owns it. */
export interface Service {
  /** Takes over an accepted connection. `peer`: who is at its other end, where the socket does not tell. */
  accept(socket: Socket, peer?: Peer): void;
  /** How many connections are open. */
  connections(): number;
  /**
   * Answers what is in flight with `Connection: close`, lets idle connections send one more request for `drainIdleTimeoutMs`, then closes
   * them (`'quick'`: idle ones at once). Resolves when no connection is left; calling it again hurries a drain under way.
   */
  drain(pace: 'graceful' | 'quick'): Promise<void>;
  /** Cuts every connection that is left, and says how many there were. */
  cut(): number;
}
