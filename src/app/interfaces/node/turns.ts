import type { IncomingMessage } from 'node:http';
import { unreachable } from '../../../errors.ts';
import type { HttpLimits } from '../../../http/limits.ts';
import type { OriginOf } from '../../../http/origin.ts';
import { type Refusal, refusal } from '../../../http/refusal.ts';
import type { RequestObserver } from '../../contract.ts';
import { examine } from './admission.ts';
import { continueWhenRead, headBytesOf, watchChunkedBody } from './body.ts';
import { type Closing, linger } from './closing.ts';
import { becameIdle, type Connection, type Exchange, type RequestEvent, type Turn } from './connections.ts';
import type { TakenEvents } from './events.ts';
import { replaceFields } from './fields.ts';
import { losesRest } from './upgrade.ts';
import { nodeView } from './view.ts';

/** So many pipelined requests may wait before the socket is paused. */
const MOST_WAITING = 16;

const unknownExpectation = refusal(417, 'unknown expectation');
const methodConnect = refusal(405, 'method CONNECT');

export interface TurnsOptions {
  readonly limits: HttpLimits;
  readonly closing: Closing;
  readonly application: TakenEvents;
  readonly observer: RequestObserver;
  readonly originOf: OriginOf;
}

export function createTurns(options: TurnsOptions): Turns {
  return new Turns(options);
}

/**
 * Gives the application one request of a connection after the other. Node would run pipelined requests at once, and with them those that
 * stand behind one that ends the connection.
 */
export class Turns {
  readonly #options: TurnsOptions;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** A head has come. */
  request(connection: Connection, event: RequestEvent, { request, response }: Omit<Exchange, 'clientAddress'>): void {
    if (connection.state !== 'open') return void request.resume();
    const clientAddress = this.#examine(connection, request);
    if (typeof clientAddress !== 'string') {
      return this.#refuse(connection, clientAddress, { request, response, clientAddress: '' });
    }
    const exchange: Exchange = { request, response, clientAddress };
    const right = event === 'request' ? event : this.#eventFor(request);
    if (typeof right !== 'string') return this.#refuse(connection, right, exchange);
    const { limits } = this.#options;
    connection.leftover = null;
    if (request.headers['transfer-encoding'] !== undefined) {
      connection.chunks = watchChunkedBody(request, {
        limits,
        fromBytes: isFree(connection) ? connection.bytesReadWhenIdle + headBytesOf(request) : request.socket.bytesRead,
        onFault: (why) => this.#refuseNewest(connection, why),
      });
    }
    if (request.headers.upgrade !== undefined && losesRest(request)) {
      response.shouldKeepAlive = false;
      connection.state = 'refusing';
    }
    if (isFree(connection)) this.#run(connection, right, exchange);
    else this.#wait(connection, { kind: 'request', event: right, ...exchange });
  }

  connect(connection: Connection): void {
    if (connection.state === 'open') this.#refuse(connection, methodConnect, null);
  }

  /** @param start hands the connection over */
  upgrade(connection: Connection, request: IncomingMessage, start: () => void): void {
    if (connection.state !== 'open') return;
    const clientAddress = this.#examine(connection, request);
    if (typeof clientAddress !== 'string') return this.#refuse(connection, clientAddress, null);
    connection.state = 'refusing';
    this.#take(connection, { kind: 'upgrade', start });
  }

  /** What came is no request, or no body of one. */
  malformed(connection: Connection, why: Refusal): void {
    if (connection.state !== 'open') return;
    const newest = connection.waiting.at(-1);
    const exchange = newest === undefined ? connection.exchange : newest.kind === 'request' ? newest : null;
    if (exchange !== null && !exchange.request.complete) this.#refuseNewest(connection, why);
    else if (connection.leftover !== null) linger(connection);
    else this.#refuse(connection, why, null);
  }

  /** Answers the request that the application has, in its place. */
  overrule(connection: Connection, why: Refusal): void {
    const { exchange } = connection;
    if (exchange === null) return;
    connection.state = 'refusing';
    this.#options.closing.refuse(connection, exchange, why);
  }

  /** Judges a head, and takes from it what its sender may not say. Returns the client's address. */
  #examine(connection: Connection, request: IncomingMessage): string | Refusal {
    const { limits, originOf } = this.#options;
    const why = examine(request, limits);
    if (why !== null) return why;
    const origin = originOf(request.rawHeaders, connection.peer);
    if ('status' in origin) return origin;
    if (origin.fields !== request.rawHeaders) replaceFields(request, [...origin.fields]);
    return origin.clientAddress;
  }

  #run(connection: Connection, event: RequestEvent, exchange: Exchange): void {
    const { application, observer } = this.#options;
    const { request, response } = exchange;
    connection.exchange = exchange;
    if (observer.started !== undefined) observer.started(nodeView(exchange));
    response.on('close', () => this.#answered(connection, exchange));
    if (event === 'checkContinue' && !application.listens(event)) {
      continueWhenRead(request, response);
      application.request('request', request, response);
    } else application.request(event, request, response);
  }

  #answered(connection: Connection, exchange: Exchange): void {
    if (connection.exchange !== exchange) return;
    const { request } = exchange;
    const { socket, waiting } = connection;
    connection.exchange = null;
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
    const { finished } = this.#options.observer;
    if (finished !== undefined) finished(nodeView(exchange));
    if (waiting.length > 0 && !socket.destroyed) this.#next(connection);
  }

  #next(connection: Connection): void {
    const turn = connection.waiting.shift();
    if (turn === undefined) return;
    if (connection.waiting.length === MOST_WAITING - 1) connection.socket.resume();
    this.#perform(connection, turn);
  }

  #perform(connection: Connection, turn: Turn): void {
    switch (turn.kind) {
      case 'request':
        return this.#run(connection, turn.event, turn);
      case 'refusal':
        return this.#options.closing.refuse(connection, turn.exchange, turn.why);
      case 'upgrade':
        connection.state = 'upgraded';
        return turn.start();
      default:
        return unreachable(turn);
    }
  }

  /** Performs it now, or when what came before is answered. */
  #take(connection: Connection, turn: Turn): void {
    if (isFree(connection)) this.#perform(connection, turn);
    else this.#wait(connection, turn);
  }

  #wait({ waiting, socket }: Connection, turn: Turn): void {
    waiting.push(turn);
    // The parser reads on until its buffer is empty, and would undo a pause before.
    if (waiting.length === MOST_WAITING) process.nextTick(() => socket.pause());
  }

  #refuse(connection: Connection, why: Refusal, exchange: Exchange | null): void {
    connection.state = 'refusing';
    this.#take(connection, { kind: 'refusal', why, exchange });
  }

  /** A fault in the body of a request that was taken: it is the newest one. */
  #refuseNewest(connection: Connection, why: Refusal): void {
    const newest = connection.waiting.pop();
    if (newest?.kind === 'request') this.#refuse(connection, why, newest);
    else this.overrule(connection, why);
  }

  /** Which event tells the application of a request with `Expect`; node:http takes anything that contains `100-continue` for it. */
  #eventFor(request: IncomingMessage): RequestEvent | Refusal {
    const expected = (request.headers.expect ?? '').split(',');
    if (expected.every((each) => each.trim().toLowerCase() === '100-continue')) return 'checkContinue';
    return this.#options.application.listens('checkExpectation') ? 'checkExpectation' : unknownExpectation;
  }
}

function isFree({ exchange, waiting }: Connection): boolean {
  return exchange === null && waiting.length === 0;
}
