import type { Socket } from 'node:net';
import { Connection, type ConnectionHost } from './connection.ts';
import { createDateClock } from './date.ts';
import type { Exchange, Origin } from './exchange.ts';
import type { HttpLimits } from './limits.ts';
import type { Peer } from './peer.ts';
import type { Refusal } from './refusal.ts';

const ROUND_MS = 250;
const DRAIN_ROUND_MS = 50;

export interface EngineOptions {
  readonly limits: HttpLimits;
  /** What `Server` says where the application does not; `null`: nothing. */
  readonly serverHeader: string | null;
  /** Calls the application, which answers the exchange when it pleases. Must not throw. */
  handle(exchange: Exchange): void;
  /** Where a request comes from, as its fields and its peer tell. */
  originOf(fields: readonly string[], peer: Peer): Origin | Refusal;
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
  /** See `Service.drain`. */
  drain(pace: 'graceful' | 'quick'): Promise<void>;
  cut(): number;
}

export function createEngine(options: EngineOptions): Engine {
  const { limits, serverHeader } = options;
  const open = new Set<Connection>();
  const whenEmpty: (() => void)[] = [];
  const dateText = createDateClock();
  const server = serverHeader === null ? '' : `Server: ${serverHeader}\r\n`;
  let standingDate = '';
  let standing = '';
  let timer: NodeJS.Timeout | null = null;
  let pace: 'none' | 'graceful' | 'quick' = 'none';
  let drainStartedMs = 0;
  const idleSinceMs = new Map<Connection, number>();

  const host: ConnectionHost = {
    limits,
    handle: options.handle,
    originOf: options.originOf,
    get isDraining() {
      return pace !== 'none';
    },
    standing(fields) {
      const date = dateText();
      if (date !== standingDate) {
        standingDate = date;
        standing = `Date: ${date}\r\n${server}`;
      }
      if (fields === null || (!fields.hasDate && !fields.hasServer)) return standing;
      return `${fields.hasDate ? '' : `Date: ${date}\r\n`}${fields.hasServer ? '' : server}`;
    },
    finished: (exchange) => options.finished?.(exchange),
    refused: (refusal, connection) => options.refused?.(refusal, connection.peer),
    closed(connection) {
      open.delete(connection);
      idleSinceMs.delete(connection);
      if (open.size > 0) return;
      if (timer !== null) clearInterval(timer);
      timer = null;
      for (const resolve of whenEmpty.splice(0)) resolve();
    },
  };

  function startTimer(): void {
    if (timer !== null) clearInterval(timer);
    // The round runs after a poll phase: whatever the kernel already held of a next request has been read by then.
    timer = setInterval(() => setImmediate(round), pace === 'none' ? ROUND_MS : DRAIN_ROUND_MS);
    timer.unref();
  }

  function round(): void {
    const nowMs = performance.now();
    for (const connection of open) {
      connection.judge(nowMs);
      if (pace !== 'none') drainOne(connection, nowMs);
    }
  }

  function drainOne(connection: Connection, nowMs: number): void {
    if (!connection.isIdle) return void idleSinceMs.delete(connection);
    const sinceMs = idleSinceMs.get(connection) ?? nowMs;
    idleSinceMs.set(connection, sinceMs);
    if (pace === 'quick' || nowMs - sinceMs >= limits.drainIdleTimeoutMs) connection.close();
  }

  function add(socket: Socket, peer: Peer, areBytesLent: boolean): Connection {
    const connection = new Connection(socket, { host, peer, areBytesLent });
    open.add(connection);
    if (timer === null) startTimer();
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
    async drain(newPace) {
      if (pace === 'none') {
        drainStartedMs = performance.now();
        for (const connection of open) if (connection.isIdle) idleSinceMs.set(connection, drainStartedMs);
      }
      if (pace !== 'quick') pace = newPace;
      if (open.size === 0) return;
      startTimer();
      setImmediate(round);
      await new Promise<void>((resolve) => whenEmpty.push(resolve));
    },
    cut() {
      const left = open.size;
      for (const connection of open) connection.cut();
      return left;
    },
  };
}
