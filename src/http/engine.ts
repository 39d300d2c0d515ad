import type { Socket } from 'node:net';
import { Connection } from './connection.ts';
import type { ConnectionHost } from './connection-host.ts';
import type { Exchange } from './exchange.ts';
import { agesOf, type RequestInFlight } from './in-flight.ts';
import type { HttpLimits } from './limits.ts';
import type { OriginOf } from './origin.ts';
import type { Peer } from './peer.ts';
import type { Refusal } from './refusal.ts';
import { createRound, DRAIN_ROUND_MS, roundMsOf } from './round.ts';
import { createRoundTimer } from './round-timer.ts';
import { createStandingFields } from './standing.ts';

export interface EngineOptions {
  readonly limits: HttpLimits;
  /** What `Server` says where the application does not; `null`: nothing. */
  readonly serverHeader: string | null;
  /** Calls the application, which answers the exchange when it pleases. Must not throw. */
  handle(exchange: Exchange): void;
  /** Where a request comes from, as its fields and its peer tell. */
  readonly originOf: OriginOf;
  /** An exchange that reached the application is over. */
  finished?(exchange: Exchange): void;
  /** The server answered a request itself, or ended a connection. */
  refused?(refusal: Refusal, peer: Peer): void;
}

/** Takes what a socket read: `length` bytes at the start of `bytes`, lent for the call. `false`: pause the socket. */
export type Receive = (bytes: Buffer, length: number) => boolean;

/** An HTTP/1.1 server without a listening socket: others accept, and it speaks (RFC 9110, RFC 9112). */
export interface Engine {
  /** Takes over a socket that reads by events. */
  accept(socket: Socket, peer: Peer): void;
  /** Takes over a socket whose bytes somebody hands in. */
  open(socket: Socket, peer: Peer): Receive;
  connections(): number;
  inFlight(): readonly RequestInFlight[];
  /** See `Service.drain`. */
  drain(pace: 'graceful' | 'quick'): Promise<void>;
  cut(): number;
}

export function createEngine(options: EngineOptions): Engine {
  const open = new Set<Connection>();
  const whenEmpty: (() => void)[] = [];
  const rounds = createRoundTimer(
    createRound({
      all: () => open.values(),
      judge: (connection: Connection, nowMs) => connection.judge(nowMs),
    }),
  );
  const roundMs = roundMsOf(options.limits);
  let drainIdleMs: number | null = null;

  const host = hostOf(options, {
    drainIdleMs: () => drainIdleMs,
    closed(connection) {
      open.delete(connection);
      if (open.size > 0) return;
      rounds.stop();
      for (const resolve of whenEmpty.splice(0)) resolve();
    },
  });

  function add(socket: Socket, peer: Peer, areBytesLent: boolean): Connection {
    const connection = new Connection(socket, { host, peer, areBytesLent });
    open.add(connection);
    rounds.start(drainIdleMs === null ? roundMs : DRAIN_ROUND_MS);
    return connection;
  }

  return {
    accept(socket, peer) {
      const connection = add(socket, peer, false);
      socket.on('data', (bytes: Buffer) => {
        if (!connection.receive(bytes, bytes.length)) socket.pause();
      });
    },
    open(socket, peer) {
      const connection = add(socket, peer, true);
      return (bytes, length) => connection.receive(bytes, length);
    },
    connections: () => open.size,
    inFlight: () =>
      agesOf(
        [...open].map(({ inFlight }) => inFlight),
        rounds.facts(),
      ),
    async drain(pace) {
      drainIdleMs = pace === 'quick' ? 0 : (drainIdleMs ?? options.limits.drainIdleTimeoutMs);
      if (open.size === 0) return;
      rounds.start(DRAIN_ROUND_MS);
      rounds.hasten();
      await new Promise<void>((resolve) => whenEmpty.push(resolve));
    },
    cut() {
      const left = open.size;
      for (const connection of open) connection.cut();
      return left;
    },
  };
}

function hostOf(
  options: EngineOptions,
  own: { drainIdleMs(): number | null; closed(connection: Connection): void },
): ConnectionHost {
  const { limits, handle, originOf } = options;
  return {
    ...{ limits, handle, originOf },
    standing: createStandingFields(options.serverHeader),
    get drainIdleMs() {
      return own.drainIdleMs();
    },
    finished: (exchange) => options.finished?.(exchange),
    refused: (refusal, connection) => options.refused?.(refusal, connection.peer),
    closed: own.closed,
  };
}
