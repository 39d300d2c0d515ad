import type { IncomingMessage, ServerResponse } from 'node:http';
import { unreachable } from '../../../errors.ts';
import type { HttpLimits } from '../../../http/limits.ts';
import { type Refusal, refusal } from '../../../http/refusal.ts';
import { examine } from './admission.ts';
import { continueWhenRead, watchChunkedBody } from './body.ts';
import { type Closing, linger } from './closing.ts';
import { becameIdle, type Connection, type RequestEvent, type Turn } from './connections.ts';
import type { TakenEvents } from './events.ts';

/** So many pipelined requests may wait before the socket is paused. */
const MOST_WAITING = 16;

const unknownExpectation = refusal(417, 'unknown expectation');
const methodConnect = refusal(405, 'method CONNECT');

/** What happens to the requests of the connections, one after the other. */
export interface Turns {
  /** A head has come. */
  request(connection: Connection, event: RequestEvent, exchange: Exchange): void;
  connect(connection: Connection): void;
  upgrade(connection: Connection, request: IncomingMessage, start: () => void): void;
  /** What came is no request, or no body of one. */
  malformed(connection: Connection, why: Refusal): void;
  /** Answers the request that the application has in its place. */
  overrule(connection: Connection, why: Refusal): void;
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export interface TurnsOptions {
  readonly limits: HttpLimits;
  readonly closing: Closing;
  readonly application: TakenEvents;
  guard(response: ServerResponse): void;
  started?: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  finished?: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  /** An answer is done with. */
  becameIdle(connection: Connection): void;
}

/**
 * Gives the application one request of a connection after the other. Node would run pipelined requests at once, and with them those that
 * stand behind one that ends the connection.
 */
export function createTurns(options: TurnsOptions): Turns {
  const { limits, closing, application, guard } = options;

  function run(connection: Connection, event: RequestEvent, { request, response }: Exchange): void {
    connection.request = request;
    connection.response = response;
    guard(response);
    options.started?.(request, response);
    response.on('close', () => answered(connection, response));
    if (event === 'checkContinue' && !application.listens(event)) {
      continueWhenRead(request, response);
      application.emit('request', request, response);
    } else application.emit(event, request, response);
  }

  function answered(connection: Connection, response: ServerResponse): void {
    const { request, socket } = connection;
    if (connection.response !== response || request === null) return;
    connection.request = null;
    connection.response = null;
    connection.answers += 1;
    if (!request.complete && connection.state === 'open') {
      // An early answer: what is left of the request's body is no new request.
      connection.leftover = { request, fromBytes: socket.bytesRead, sinceMs: 0 };
      request.once('close', () => {
        connection.leftover = null;
        becameIdle(connection);
      });
    }
    becameIdle(connection);
    options.becameIdle(connection);
    options.finished?.(request, response);
    if (connection.waiting.length > 0 && !socket.destroyed) next(connection);
  }

  function next(connection: Connection): void {
    const turn = connection.waiting.shift();
    if (turn === undefined) return;
    if (connection.waiting.length === MOST_WAITING - 1) connection.socket.resume();
    perform(connection, turn);
  }

  function perform(connection: Connection, turn: Turn): void {
    switch (turn.kind) {
      case 'request':
        return run(connection, turn.event, turn);
      case 'refusal':
        return closing.refuse(connection, turn.exchange, turn.why);
      case 'upgrade':
        connection.state = 'upgraded';
        return turn.start();
      default:
        return unreachable(turn);
    }
  }

  /** Performs it now, or when what came before is answered. */
  function take(connection: Connection, turn: Turn): void {
    if (connection.response === null && connection.waiting.length === 0) return perform(connection, turn);
    connection.waiting.push(turn);
    // The parser reads on until its buffer is empty, and would undo a pause before.
    if (connection.waiting.length === MOST_WAITING) process.nextTick(() => connection.socket.pause());
  }

  function refuse(connection: Connection, why: Refusal, exchange: Exchange | null): void {
    connection.state = 'refusing';
    take(connection, { kind: 'refusal', why, exchange });
  }

  function overrule(connection: Connection, why: Refusal): void {
    const { request, response } = connection;
    if (request === null || response === null) return;
    connection.state = 'refusing';
    closing.refuse(connection, { request, response }, why);
  }

  /** A fault in the body of a request that was taken: it is the newest one. */
  function refuseNewest(connection: Connection, why: Refusal): void {
    const newest = connection.waiting.pop();
    if (newest?.kind === 'request') refuse(connection, why, newest);
    else overrule(connection, why);
  }

  /** Which event tells the application of a request with `Expect`; node:http takes anything that contains `100-continue` for it. */
  function eventFor(event: RequestEvent, request: IncomingMessage): RequestEvent | Refusal {
    if (event === 'request') return event;
    const expected = (request.headers.expect ?? '').split(',');
    if (expected.every((each) => each.trim().toLowerCase() === '100-continue')) return 'checkContinue';
    return application.listens('checkExpectation') ? 'checkExpectation' : unknownExpectation;
  }

  return {
    request(connection, event, exchange) {
      const { request } = exchange;
      if (connection.state !== 'open') return void request.resume();
      const right = examine(request, limits) ?? (event === 'request' ? event : eventFor(event, request));
      if (typeof right !== 'string') return refuse(connection, right, exchange);
      connection.leftover = null;
      if (request.headers['transfer-encoding'] !== undefined) {
        watchChunkedBody(request, { limits, onFault: (why) => refuseNewest(connection, why) });
      }
      if (connection.response === null && connection.waiting.length === 0) run(connection, right, exchange);
      else take(connection, { kind: 'request', event: right, ...exchange });
    },
    connect(connection) {
      if (connection.state === 'open') refuse(connection, methodConnect, null);
    },
    upgrade(connection, request, start) {
      if (connection.state !== 'open') return;
      const why = examine(request, limits);
      if (why !== null) return refuse(connection, why, null);
      connection.state = 'refusing';
      take(connection, { kind: 'upgrade', start });
    },
    malformed(connection, why) {
      if (connection.state !== 'open') return;
      const newest = connection.waiting.at(-1);
      const request = newest === undefined ? connection.request : newest.kind === 'request' ? newest.request : null;
      if (request !== null && !request.complete) refuseNewest(connection, why);
      else if (connection.leftover !== null) linger(connection);
      else refuse(connection, why, null);
    },
    overrule,
  };
}
