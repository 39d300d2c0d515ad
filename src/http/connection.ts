import type { Socket } from 'node:net';
import type { ConnectionHost } from './connection-host.ts';
import { blankSituation, enforce, Patience, type Situation } from './deadlines.ts';
import { Exchange } from './exchange.ts';
import { type InFlight, inFlightOf } from './in-flight.ts';
import { Outgoing } from './outgoing.ts';
import { ownedCopy } from './owned-copy.ts';
import type { Peer } from './peer.ts';
import { endsConnection, UNWANTED_BODY_BYTES } from './persistence.ts';
import { bytesTaken, probePeer } from './progress.ts';
import { type Refusal, refusal, refusalText } from './refusal.ts';
import type { RequestBody } from './request-body.ts';
import { RequestReader } from './request-reader.ts';
import { resetSocket } from './reset.ts';
import type { BodyPlan } from './response-head.ts';
import type { StandingFields } from './standing.ts';
import { Throttle } from './throttle.ts';
import { UpgradedConnection } from './upgrade.ts';

/** What waits of pipelined requests before the client is made to wait. */
const PARSE_AHEAD_BYTES = 65_536;
const NOTHING = Buffer.alloc(0);
const situation = blankSituation();

/** One connection that speaks HTTP/1.1, and owns its socket. Requests are answered in turn: what comes behind waits, in bounds, as bytes. */
export class Connection {
  readonly peer: Peer;
  readonly outgoing: Outgoing;
  readonly standing: StandingFields;
  /** The client has closed its side. It may still read. */
  hasPeerEnded = false;
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  readonly #reader: RequestReader;
  readonly #throttle: Throttle;
  #patience: Patience | null = null;
  /** Bytes behind the request that is being answered. */
  #rest: Buffer = NOTHING;
  #exchange: Exchange | null = null;
  #upgraded: UpgradedConnection | null = null;
  /** Bytes behind the request that was read last, in what is being read. */
  #bytesAhead = 0;
  #closing: 'no' | 'afterAnswer' | 'lingering' | 'closed' = 'no';

  constructor(socket: Socket, options: { host: ConnectionHost; peer: Peer; areBytesLent: boolean }) {
    this.#socket = socket;
    this.#host = options.host;
    this.peer = options.peer;
    this.standing = options.host.standing;
    this.#throttle = new Throttle(socket);
    const { limits, originOf } = options.host;
    this.#reader = new RequestReader({
      ...{ limits, originOf, peer: options.peer },
      areBytesLent: options.areBytesLent,
      bodyHost: { wanted: () => this.#continue(), resume: () => this.#throttle.resume() },
    });
    this.outgoing = new Outgoing(socket, options.areBytesLent);
    // Whatever it is, 'close' follows.
    socket.on('error', () => {});
    socket.on('end', () => this.#peerEnded());
    socket.once('close', () => this.#socketClosed());
  }

  /** The client is gone: nothing can reach it. */
  get isClosed(): boolean {
    return this.#closing === 'closed';
  }

  /** What is being answered, if anything is. */
  get inFlight(): InFlight | null {
    return inFlightOf(this.#exchange, this.#patience?.busySinceMs(this.#reader.requests));
  }

  /** Takes what the socket read: `length` bytes at the start of `bytes`. `false`: read no more, until the socket is told to. */
  receive(bytes: Buffer, length: number): boolean {
    this.#throttle.beginRead();
    this.outgoing.beginBatch();
    const at = this.#rest.length > 0 ? 0 : this.#consume(bytes, 0, length);
    if (at < length) this.#keep(bytes.subarray(at, length));
    this.#bytesAhead = 0;
    this.outgoing.endBatch();
    return this.#throttle.endRead();
  }

  /** Closes a connection on which nothing is unread. */
  close(): void {
    this.#closing = 'lingering';
    this.outgoing.end(() => this.#socket.destroy());
  }

  cut(): void {
    this.#socket.destroy();
  }

  /** See `Judged` in deadlines.ts. */
  reset(why: Refusal): void {
    this.#host.refused(why, this);
    resetSocket(this.#socket);
  }

  /** For an exchange: ends it within an answer. Where only the end of the connection delimits a body, this must not look like one. */
  cutAnswer(plan: BodyPlan | null): void {
    this.outgoing.push();
    return plan?.kind === 'close' ? resetSocket(this.#socket) : this.cut();
  }

  /** Called now and then by the one timer of the engine. `true`: the connection was ended. */
  judge(nowMs: number): boolean {
    this.#patience ??= new Patience(this.#host.limits);
    return enforce(this.#patience.judge(this.#situation(), nowMs), this);
  }

  /** The server answers in place of the application, and closes. Where a part of an answer was sent already, it cuts. */
  refuse(why: Refusal): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#host.refused(why, this);
    this.#reader.body?.fail(why.reason);
    const isAnswered = exchange !== null && exchange.status !== 0;
    if (exchange !== null) {
      exchange.abandon(why.status);
      this.#host.finished(exchange);
    }
    if (isAnswered) return this.cutAnswer(exchange.plan);
    const isHead = exchange?.head.line.method === 'HEAD';
    this.outgoing.text(refusalText(why.status, { standing: this.standing.text(null), isHead }));
    this.#linger();
  }

  /** For an exchange: whether its answer ends the connection, and has to say so. `isWanted`: the application or HTTP/1.0 wants it to. */
  closesAfter(exchange: Exchange, isWanted: boolean): boolean {
    const ends = endsConnection({
      head: exchange.head,
      keepAliveMs: this.#host.limits.keepAliveMs,
      hasPeerEnded: this.hasPeerEnded,
      missingBytes: this.#reader.missingBytes,
      owesContinue: this.#reader.owesContinue,
      isDraining: this.#host.drainIdleMs !== null,
      hasMore: this.#rest.length > 0 || this.#bytesAhead > 0,
    });
    if (isWanted || ends) this.#closing = 'afterAnswer';
    return this.#closing !== 'no';
  }

  /** For an exchange: its answer is whole. */
  answered(exchange: Exchange): void {
    this.#exchange = null;
    this.#host.finished(exchange);
    const { body } = this.#reader;
    if (this.#closing === 'afterAnswer') return body !== null || this.#rest.length > 0 ? this.#linger() : this.close();
    if (body === null) this.#nextRequest();
    else body.discard();
  }

  /** For an exchange: HTTP ends here. */
  upgrade(head: string): UpgradedConnection {
    const exchange = this.#exchange;
    this.#exchange = null;
    this.outgoing.text(head);
    this.outgoing.push();
    const upgraded = new UpgradedConnection(this.#socket, this.#throttle);
    this.#upgraded = upgraded;
    if (exchange !== null) this.#host.finished(exchange);
    const rest = this.#rest;
    this.#rest = NOTHING;
    if (rest.length > 0) upgraded.receive(rest);
    if (this.hasPeerEnded) upgraded.receive(null);
    return upgraded;
  }

  /** Reads as far as it goes; returns where begins what must wait. */
  #consume(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end) {
      if (this.#upgraded !== null) {
        if (!this.#upgraded.receive(ownedCopy(bytes, at, end))) this.#throttle.pause();
        return end;
      }
      if (this.#closing === 'lingering' || this.#closing === 'closed') return end;
      const { body } = this.#reader;
      if (body !== null) at = this.#readBody(body, bytes, at, end);
      else if (this.#exchange !== null || this.#closing !== 'no') return at;
      else at = this.#readHead(bytes, at, end);
    }
    return at;
  }

  #readHead(bytes: Buffer, start: number, end: number): number {
    const progress = this.#reader.readHead(bytes, start, end);
    if ('status' in progress) {
      this.refuse(progress);
      return end;
    }
    const { at, request } = progress;
    if (request === null) return end;
    this.#exchange = new Exchange(this, request);
    // A body that is here already is there before the application asks: a small one is read without a wait.
    const next = request.body === null ? at : this.#readBody(request.body, bytes, at, end);
    this.#bytesAhead = end - next;
    if (this.#exchange !== null) this.#host.handle(this.#exchange);
    return next;
  }

  #readBody(body: RequestBody, bytes: Buffer, start: number, end: number): number {
    const at = this.#reader.readBody(bytes, start, end);
    if (typeof at !== 'number') {
      this.refuse(at);
      return end;
    }
    if (body.isSettled) {
      if (this.#exchange === null) this.#nextRequest();
    } else if (body.isDiscarded) {
      if (body.received > UNWANTED_BODY_BYTES) this.refuse(refusal(413, 'body too large to be read for nothing'));
    } else if (body.isFull) this.#throttle.pause();
    return at;
  }

  #continue(): void {
    if (!this.#reader.owesContinue || this.#exchange?.status !== 0) return;
    this.#reader.owesContinue = false;
    this.outgoing.text('HTTP/1.1 100 Continue\r\n\r\n');
  }

  #nextRequest(): void {
    if (this.#rest.length > 0) {
      // In a turn of its own, or a long row of pipelined requests would make a deep stack.
      if (!this.#throttle.isReading) setImmediate(() => this.#readRest());
    } else if (this.hasPeerEnded) this.close();
    else this.#throttle.resume();
  }

  #readRest(): void {
    const rest = this.#rest;
    if (rest.length === 0 || this.#throttle.isReading || this.#exchange !== null) return;
    this.#rest = NOTHING;
    this.receive(rest, rest.length);
    if (this.#exchange === null && this.#closing === 'no') this.#nextRequest();
  }

  /** Keeps bytes for later; the client has to wait when there are many. */
  #keep(bytes: Buffer): void {
    if (this.#closing === 'lingering' || this.#closing === 'closed') return;
    this.#rest = Buffer.concat([this.#rest, bytes]);
    if (this.#rest.length >= PARSE_AHEAD_BYTES) this.#throttle.pause();
  }

  #situation(): Situation {
    // A client that waits for room, or for `100 Continue`, is not the one who is slow.
    const body = this.#throttle.isPaused || this.#reader.owesContinue ? null : this.#reader.body;
    situation.phase = this.#phase();
    situation.requests = this.#reader.requests;
    situation.bodyBytes = body === null ? null : body.received;
    situation.takenBytes = this.outgoing.isWaiting ? bytesTaken(this.#socket) : null;
    situation.drainIdleMs = this.#host.drainIdleMs;
    return situation;
  }

  #phase(): Situation['phase'] {
    if (this.#upgraded !== null) return 'upgraded';
    if (this.#closing === 'lingering') return 'lingering';
    if (this.#exchange !== null || this.#reader.body !== null || this.#rest.length > 0) return 'busy';
    if (this.#closing !== 'no') return 'lingering';
    if (this.#reader.isWithinHead) return 'head';
    return this.#reader.requests === 0 ? 'fresh' : 'idle';
  }

  /** Closes our side and reads on for a while: to close at once would reset the connection under the answer (RFC 9112, section 9.6). */
  #linger(): void {
    this.#closing = 'lingering';
    this.#rest = NOTHING;
    this.outgoing.end();
    this.#throttle.resume();
  }

  #peerEnded(): void {
    this.hasPeerEnded = true;
    if (this.#upgraded !== null) return void this.#upgraded.receive(null);
    // Both sides are closed then, once what was written has left.
    if (this.#closing === 'lingering') return;
    if (this.#exchange !== null && this.#reader.body !== null) return this.refuse(refusal(400, 'body broken off'));
    if (this.#exchange === null && this.#rest.length === 0) return this.close();
    probePeer(this.#socket);
    this.#exchange?.peerEnded();
  }

  #socketClosed(): void {
    this.#closing = 'closed';
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#reader.body?.fail('the client is gone');
    if (exchange !== null) {
      exchange.abandon(499);
      this.#host.finished(exchange);
    }
    this.#upgraded?.destroy();
    this.outgoing.release();
    this.#host.closed(this);
  }
}
