import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { RequestInFlight } from '../http/in-flight.ts';
import type { HttpLimits } from '../http/limits.ts';
import type { Peer } from '../http/peer.ts';
import type { Refusal } from '../http/refusal.ts';

/** One request and its answer as the worker's observers see them, whatever the interface. The same object at the start and at the end. */
export interface RequestView {
  /** `''` on a unix socket. */
  readonly clientAddress: string;
  readonly method: string;
  readonly target: string;
  /** `'HTTP/1.1'` */
  readonly protocol: string;
  /** 499 when the client left before anything was sent, as nginx writes it. */
  readonly status: number;
  /** Length of the answer's body, without framing. */
  readonly responseBytes: number;
  /** What the hooks get: those of Node, or those of the platform. */
  readonly request: IncomingMessage | Request;
  /** `null`: there is none, as the application failed or its client left. */
  readonly response: ServerResponse | Response | null;
  /** Called with the name in lower case. */
  requestHeader(name: string): string | undefined;
  /** Called with the name in lower case. */
  responseHeader(name: string): string | undefined;
}

/** What a service tells about its requests. Only members that somebody needs are set: an absent one costs nothing. */
export interface RequestObserver {
  /** A request's head is complete; called before the application. */
  started?(request: RequestView): void;
  /** The answer is finished, or its connection is gone. Called once for each request that the application got. */
  finished?(request: RequestView): void;
  /** The application threw or rejected; `null`: after its answer, in work of its own. */
  failed(error: unknown, request: Pick<RequestView, 'method' | 'target'> | null): void;
  /** The server answered in place of the application, or ended a connection. */
  refused?(refusal: Refusal, peer: Peer): void;
}

export interface ServiceOptions {
  readonly limits: HttpLimits;
  readonly observer: RequestObserver;
}

/** An application that takes connections, whatever its interface. The worker owns it. */
export interface Service {
  /** Takes over an accepted connection. */
  accept(socket: Socket, peer: Peer): void;
  /** As `accept`, for a socket whose bytes somebody hands in; an interface that needs a whole socket lacks it. */
  open?(socket: Socket, peer: Peer): (bytes: Buffer, length: number) => boolean;
  /** How many connections are open. */
  connections(): number;
  /** The requests that are being answered, with how long they have been, to a second. Costs nothing until it is asked for. */
  inFlight(): readonly RequestInFlight[];
  /**
   * Answers what is in flight with `Connection: close`, lets idle connections send one more request for `drainIdleTimeoutMs`, then closes
   * them (`'quick'`: idle ones at once). Resolves when no connection is left; calling it again hurries a drain under way. A connection
   * that is accepted meanwhile, or later, is treated the same, and has all of `drainIdleTimeoutMs` for its request; after the end of a
   * drain it is waited for by the next call.
   */
  drain(pace: 'graceful' | 'quick'): Promise<void>;
  /** Cuts every connection that is left, and says how many there were. */
  cut(): number;
  /** Ends what the service runs beside this process, within `graceMs`. To be called when nothing is left to answer. */
  end?(graceMs: number): Promise<void>;
}
