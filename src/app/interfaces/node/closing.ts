import type { ServerResponse } from 'node:http';
import type { Peer } from '../../../http/peer.ts';
import { type Refusal, refusalText } from '../../../http/refusal.ts';
import { resetSocket } from '../../../http/reset.ts';
import { createStandingFields } from '../../../http/standing.ts';
import { failRead } from './body.ts';
import type { Connection, Exchange } from './connections.ts';
import { noteOverruled } from './view.ts';

/** How a connection comes to its end. */
export interface Closing {
  /**
   * Answers in place of the application, or before it is asked, when its turn has come, and closes. Where a part of an answer was sent the
   * connection is cut: nothing else tells a client that it is not whole.
   *
   * @param exchange `null`: what came was no request.
   */
  refuse(connection: Connection, exchange: Exchange | null, why: Refusal): void;
  /** See `Judged` in deadlines.ts. */
  reset(connection: Connection, why: Refusal): void;
}

export function createClosing(options: {
  serverHeader: string | null;
  refused?: ((why: Refusal, peer: Peer) => void) | undefined;
}): Closing {
  const standing = createStandingFields(options.serverHeader);
  return {
    refuse(connection, exchange, why) {
      const { socket } = connection;
      options.refused?.(why, connection.peer);
      if (exchange?.response.headersSent === true) return cutAnswer(exchange.response);
      if (exchange !== null) silence(connection, exchange.response, why.status);
      const context = { standing: standing.text(null), isHead: exchange?.request.method === 'HEAD' };
      if (socket.writable) socket.write(refusalText(why.status, context), 'latin1');
      linger(connection);
      if (exchange === null) return;
      failRead(exchange.request);
      exchange.response.emit('close');
    },
    reset({ socket, peer }, why) {
      options.refused?.(why, peer);
      resetSocket(socket);
    },
  };
}

/**
 * Ends a connection within an answer. HTTP/1.0 knows the end of a body by that of the connection: a reset says that this is none.
 */
export function cutAnswer(response: ServerResponse): void {
  const { socket } = response;
  if (response.req.httpVersionMinor === 0 && socket !== null) resetSocket(socket);
  else response.destroy();
}

/**
 * Takes an answer from its socket. Whatever the application still does with it goes nowhere and throws nothing, as when a client has
 * left: it may be in the middle of its work.
 */
function silence({ socket }: Connection, response: ServerResponse, status: number): void {
  noteOverruled(response, status);
  if (response.socket === socket) response.detachSocket(socket);
  response.destroy();
}

/**
 * Closes our side once everything is sent, and reads on for a while without looking: to close at once with bytes unread would reset the
 * connection under the answer (RFC 9112, section 9.6). The socket destroys itself when the client closes its side too; the coarse timer
 * cuts it when that takes long.
 */
export function linger(connection: Connection): void {
  if (connection.state === 'lingering') return;
  connection.state = 'lingering';
  connection.waiting.length = 0;
  const { socket } = connection;
  if (socket.destroyed) return;
  // A listener for 'data' is how one takes a socket from the parser, which reads from its handle.
  socket.removeAllListeners('data');
  socket.on('data', ignore);
  socket.resume();
  socket.end();
}

function ignore(): void {}

/** Closes an idle connection: there is nothing to lose on it. A request that comes meanwhile is not run, as nobody could hear its answer. */
export function closeIdle(connection: Connection): void {
  connection.state = 'lingering';
  connection.socket.end(() => connection.socket.destroy());
}
