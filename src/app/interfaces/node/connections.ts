import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A connection as the drain sees it. */
export interface Connection {
  readonly socket: Socket;
  /** Requests whose answer is not finished. */
  inFlight: number;
  /** The newest of them: with pipelining, only the last answer may say `Connection: close`. */
  newest: ServerResponse | null;
  /** `socket.bytesRead` when the last answer was finished: more than that means a request is arriving. */
  bytesReadWhenIdle: number;
  /** When it was accepted, or last became idle while a drain was under way: nobody asks before. */
  idleSinceMs: number;
  /** Belongs to a WebSocket or a tunnel now. */
  upgraded: boolean;
}

/** The open connections of one service. */
export interface Connections {
  add(socket: Socket): Connection;
  of(socket: Socket): Connection | undefined;
  all(): Iterable<Connection>;
  count(): number;
  /** Resolves when none is left. */
  allClosed(): Promise<void>;
}

export function createConnections(): Connections {
  const open = new Map<Socket, Connection>();
  const waiting: (() => void)[] = [];
  return {
    add(socket) {
      const connection: Connection = {
        socket,
        inFlight: 0,
        newest: null,
        bytesReadWhenIdle: 0,
        idleSinceMs: performance.now(),
        upgraded: false,
      };
      open.set(socket, connection);
      socket.once('close', () => {
        open.delete(socket);
        if (open.size === 0) for (const resolve of waiting.splice(0)) resolve();
      });
      return connection;
    },
    of: (socket) => open.get(socket),
    all: () => open.values(),
    count: () => open.size,
    allClosed: () => (open.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}

/** To be called when an answer, or the rest of a request's body, is done with. */
export function becameIdle(connection: Connection): void {
  if (connection.inFlight > 0) return;
  connection.newest = null;
  connection.bytesReadWhenIdle = connection.socket.bytesRead;
}

/** No answer is owed and no byte of a next request has come. */
export function isIdle(connection: Connection): boolean {
  return (
    connection.inFlight === 0 && !connection.upgraded && connection.socket.bytesRead === connection.bytesReadWhenIdle
  );
}
