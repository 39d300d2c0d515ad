import type { ServerResponse } from 'node:http';
import { createDateClock } from '../../../http/date.ts';
import { type Refusal, refusalText } from '../../../http/refusal.ts';
import { failRead } from './body.ts';
import type { Connection, Exchange } from './connections.ts';

const dateText = createDateClock();

/** How a connection comes to its end. */
export interface Closing {
  /**
   * Answers in place of the application, or before it is asked, when its turn has come, and closes. Where a part of an answer was sent the
   * connection is cut: nothing else tells a client that it is not whole.
   *
   * @param exchange `null`: what came was no request.
   */
  refuse(connection: Connection, exchange: Exchange | null, why: Refusal): void;
}

export function createClosing(options: { serverHeader: string | null; refused(why: Refusal): void }): Closing {
  const server = options.serverHeader === null ? '' : `Server: ${options.serverHeader}\r\n`;
  return {
    refuse(connection, exchange, why) {
      const { socket } = connection;
      options.refused(why);
      if (exchange?.response.headersSent === true) return void socket.destroy();
      if (exchange !== null) silence(connection, exchange.response);
      const text = refusalText(why.status, `Date: ${dateText()}\r\n${server}`);
      if (socket.writable) socket.write(exchange?.request.method === 'HEAD' ? headOf(text) : text, 'latin1');
      linger(connection);
      if (exchange === null) return;
      failRead(exchange.request);
      exchange.response.emit('close');
    },
  };
}

/**
 * Takes an answer from its socket. Whatever the application still does with it goes nowhere and throws nothing, as when a client has
 * left: it may be in the middle of its work.
 */
function silence({ socket }: Connection, response: ServerResponse): void {
  if (response.socket === socket) response.detachSocket(socket);
  response.destroy();
}

/** An answer to HEAD has no body (RFC 9110, section 9.3.2). */
function headOf(text: string): string {
  return text.slice(0, text.indexOf('\r\n\r\n') + 4);
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

/** Closes an idle connection: there is nothing to lose on it. */
export function closeIdle({ socket }: Connection): void {
  socket.end(() => socket.destroy());
}
