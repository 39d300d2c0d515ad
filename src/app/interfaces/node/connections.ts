import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Patience } from '../../../http/deadlines.ts';
import type { HttpLimits } from '../../../http/limits.ts';
import type { Peer } from '../../../http/peer.ts';
import { probePeer } from '../../../http/progress.ts';
import type { Refusal } from '../../../http/refusal.ts';
import type { ChunkCount } from './body.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** As far as trusted proxies tell. */
  readonly clientAddress: string;
}

/** What a connection answers next: a request, by the event that tells the application of it, or a refusal. */
export type Turn =
  | (Exchange & { readonly kind: 'request'; readonly event: RequestEvent })
  /** `exchange`: the refused request; `null` where what came was none. */
  | { readonly kind: 'refusal'; readonly why: Refusal; readonly exchange: Exchange | null }
  /** What leaves HTTP: the application's, once everything before is answered. */
  | { readonly kind: 'upgrade'; readonly start: () => void };

/** A request that expects something reaches an application that listens for that by another event. */
export type RequestEvent = 'request' | 'checkContinue' | 'checkExpectation';

/** A connection as the service sees it. */
export interface Connection {
  readonly socket: Socket;
  readonly peer: Peer;
  readonly patience: Patience;
  /**
   * `open`: requests are taken. `refusing`: none is taken behind one that is refused when its turn comes. `lingering`: closed from our side.
   * `upgraded`: belongs to a WebSocket now.
   */
  state: 'open' | 'refusing' | 'lingering' | 'upgraded';
  /** What the application has to answer. */
  exchange: Exchange | null;
  /** Pipelined behind it: the application gets one request of a connection after the other. */
  readonly waiting: Turn[];
  answers: number;
  /** The request of which an answer was given before its body had come, until that has. */
  leftover: { readonly request: IncomingMessage; readonly fromBytes: number; sinceMs: number } | null;
  /** Of the newest request, if its body is chunked. */
  chunks: ChunkCount | null;
  /** `socket.bytesRead` when the last answer was finished: more than that means a request is arriving. */
  bytesReadWhenIdle: number;
}

/** The open connections of one service. */
export interface Connections {
  add(socket: Socket, peer: Peer): Connection;
  /** Adds it where it is not there: somebody may hand sockets to the server behind our back. */
  of(socket: Socket): Connection;
  /** `undefined`: it is closed. */
  find(socket: Socket): Connection | undefined;
  all(): IterableIterator<Connection>;
  count(): number;
  /** Resolves when none is left. */
  allClosed(): Promise<void>;
}

export function createConnections(
  limits: HttpLimits,
  { opened, closed }: { opened(connection: Connection): void; closed(connection: Connection): void },
): Connections {
  const open = new Map<Socket, Connection>();
  const waiting: (() => void)[] = [];

  function add(socket: Socket, peer: Peer): Connection {
    // Written out: V8 gives each object that is made by spreading two others a hidden class of its own. To judge one took ten times as long.
    const connection: Connection = {
      socket,
      peer,
      patience: new Patience(limits),
      state: 'open',
      exchange: null,
      waiting: [],
      answers: 0,
      leftover: null,
      chunks: null,
      // A PROXY header may have come before; what came with it is still to be read.
      bytesReadWhenIdle: socket.bytesRead - socket.readableLength,
    };
    // Its end was told already: it would stay for ever.
    if (socket.destroyed) return connection;
    open.set(socket, connection);
    // Whatever becomes of the listeners of node:http: a reset is nothing to die of.
    socket.on('error', () => {});
    socket.once('end', () => probePeer(socket));
    socket.once('close', () => {
      open.delete(socket);
      closed(connection);
      if (open.size === 0) for (const resolve of waiting.splice(0)) resolve();
    });
    opened(connection);
    return connection;
  }

  return {
    add,
    of: (socket) => open.get(socket) ?? add(socket, peerOf(socket)),
    find: (socket) => open.get(socket),
    all: () => open.values(),
    count: () => open.size,
    allClosed: () => (open.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}

function peerOf(socket: Socket): Peer {
  return { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0, encrypted: false };
}

/** To be called when an answer, or the rest of a request's body, is done with. */
export function becameIdle(connection: Connection): void {
  connection.bytesReadWhenIdle = connection.socket.bytesRead;
}

/** No answer is owed and no byte of a next request has come. */
export function isIdle(connection: Connection): boolean {
  return (
    connection.state === 'open' &&
    connection.exchange === null &&
    connection.waiting.length === 0 &&
    connection.socket.bytesRead === connection.bytesReadWhenIdle
  );
}
