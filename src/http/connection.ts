import type { Socket } from 'node:net';
import { BodyReader } from './body-reader.ts';
import type { ConnectionHost } from './connection-host.ts';
import { createPatience, enforce, type Patience, type Situation } from './deadlines.ts';
import { Exchange } from './exchange.ts';
import { HeadReader, type RequestHead } from './head-reader.ts';
import { type Origin, rememberOrigin } from './origin.ts';
import { Outgoing } from './outgoing.ts';
import type { Peer } from './peer.ts';
import { bytesTaken } from './progress.ts';
import { type Refusal, refusal, refusalText } from './refusal.ts';
import type { BodyPlan } from './response-head.ts';
import type { StandingFields } from './standing.ts';
import { Throttle } from './throttle.ts';
import { UpgradedConnection } from './upgrade.ts';

/** What waits of pipelined requests before the client is made to wait. */
const PARSE_AHEAD_BYTES = 65_536;
/** How much of a body that nobody wanted is read, so that the connection can be used again. */
const UNWANTED_BODY_BYTES = 262_144;
const NOTHING = Buffer.alloc(0);

/**
 * One connection that speaks HTTP/1.1. Requests are answered one after the other: what comes behind one waits, in bounds, as bytes. It owns
 * its socket.
 */
export class Connection {
  readonly peer: Peer;
  readonly outgoing: Outgoing;
  readonly standing: StandingFields;
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  readonly #heads: HeadReader;
  readonly #originOf: (fields: readonly string[]) => Origin | Refusal;
  readonly #throttle: Throttle;
  /** Bytes are only lent: what is kept of them must be copied. */
  readonly #areBytesLent: boolean;
  #patience: Patience | null = null;
  /** Bytes behind the request that is being answered. */
  #rest: Buffer = NOTHING;
  #exchange: Exchange | null = null;
  /** Of a body that has not come to its end. */
  #reader: BodyReader | null = null;
  #upgraded: UpgradedConnection | null = null;
  #requests = 0;
  /** Bytes behind the request that was read last, in what is being read. */
  #bytesAhead = 0;
  #owesContinue = false;
  #hasPeerEnded = false;
  #closing: 'no' | 'afterAnswer' | 'lingering' | 'closed' = 'no';

  constructor(socket: Socket, options: { host: ConnectionHost; peer: Peer; areBytesLent: boolean }) {
    this.#socket = socket;
    this.#host = options.host;
    this.peer = options.peer;
    this.standing = options.host.standing;
    this.#areBytesLent = options.areBytesLent;
    this.#heads = new HeadReader(options.host.limits);
    this.#originOf = rememberOrigin(options.host.originOf, options.peer);
    this.#throttle = new Throttle(socket);
    this.outgoing = new Outgoing(socket);
    // Whatever it is, 'close' follows.
    socket.on('error', () => {});
    socket.on('end', () => this.#peerEnded());
    socket.once('close', () => this.#socketClosed());
  }

  /** The client is gone: nothing can reach it. */
  get isClosed(): boolean {
    return this.#closing === 'closed';
  }

  /** Nothing is owed to the client and nothing of a request has come. */
  get isIdle(): boolean {
    const isBusy = this.#exchange !== null || this.#reader !== null || this.#upgraded !== null;
    return !isBusy && this.#rest.length === 0 && !this.#heads.isUnderWay && this.#closing === 'no';
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

  /** Ends it at once, whatever is under way. */
  cut(): void {
    this.#socket.destroy();
  }

  /**
   * For an exchange: ends it in the middle of an answer. With a body that only the end of the connection delimits, the end must not look
   * like one.
   */
  cutAnswer(plan: BodyPlan | null): void {
    this.outgoing.push();
    if (plan?.kind === 'close') this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  /** Called now and then by the one timer of the engine. */
  judge(nowMs: number): void {
    this.#patience ??= createPatience(this.#host.limits);
    const verdict = this.#patience.judge(this.#situation(), nowMs);
    if (verdict !== null) enforce(verdict, this);
  }

  /** The server answers in place of the application, and closes. Where a part of an answer was sent already, it cuts. */
  refuse(why: Refusal): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#host.refused(why, this);
    this.#reader?.body.fail(why.reason);
    const isAnswered = exchange !== null && exchange.status !== 0;
    if (exchange !== null) {
      exchange.abandon(why.status);
      this.#host.finished(exchange);
    }
    if (isAnswered) return this.cut();
    this.outgoing.text(refusalText(why.status, this.standing.text(null)));
    this.#linger();
  }

  /** For an exchange: whether its answer ends the connection, and has to say so. `isWanted`: the application or HTTP/1.0 wants it to. */
  closesAfter(exchange: Exchange, isWanted: boolean): boolean {
    if (isWanted || this.#mustClose(exchange)) this.#closing = 'afterAnswer';
    return this.#closing !== 'no';
  }

  /** For an exchange: its answer is whole. */
  answered(exchange: Exchange): void {
    this.#exchange = null;
    this.#host.finished(exchange);
    const isUnread = this.#reader !== null || this.#rest.length > 0;
    if (this.#closing === 'afterAnswer') return isUnread ? this.#linger() : this.close();
    if (this.#reader === null) this.#nextRequest();
    else this.#reader.body.discard();
  }

  /** For an exchange: HTTP ends here. */
  upgrade(head: string): UpgradedConnection {
    const exchange = this.#exchange;
    this.#exchange = null;
    this.outgoing.piece(head);
    const upgraded = new UpgradedConnection(this.#socket, this.#throttle);
    this.#upgraded = upgraded;
    if (exchange !== null) this.#host.finished(exchange);
    const rest = this.#rest;
    this.#rest = NOTHING;
    if (rest.length > 0) upgraded.receive(rest);
    if (this.#hasPeerEnded) upgraded.receive(null);
    return upgraded;
  }

  /** Reads as far as it goes; returns where begins what must wait. */
  #consume(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end) {
      if (this.#upgraded !== null) {
        if (!this.#upgraded.receive(this.#own(bytes, at, end))) this.#throttle.pause();
        return end;
      }
      if (this.#closing === 'lingering' || this.#closing === 'closed') return end;
      if (this.#reader !== null) at = this.#readBody(this.#reader, bytes, { start: at, end });
      else if (this.#exchange !== null || this.#closing !== 'no') return at;
      else at = this.#readHead(bytes, at, end);
    }
    return at;
  }

  #readHead(bytes: Buffer, start: number, end: number): number {
    const progress = this.#heads.read(bytes, start, end);
    if ('status' in progress) {
      this.refuse(progress);
      return end;
    }
    if (progress.head === null) return end;
    this.#begin(progress.head);
    // A body that is here already is there before the application asks: a small one is read without a wait.
    const next = this.#reader === null ? progress.at : this.#readBody(this.#reader, bytes, { start: progress.at, end });
    this.#bytesAhead = end - next;
    if (this.#exchange !== null) this.#host.handle(this.#exchange);
    return next;
  }

  #begin(head: RequestHead): void {
    this.#requests += 1;
    const { framing, list, expectsContinue } = head.fields;
    const { limits } = this.#host;
    const origin = this.#originOf(list);
    if ('status' in origin) return this.refuse(origin);
    if (framing.kind !== 'none') {
      if (framing.kind === 'sized' && limits.maxBodyBytes !== null && framing.bytes > limits.maxBodyBytes) {
        return this.refuse(refusal(413, 'announced body too large'));
      }
      const host = { wanted: () => this.#continue(), resume: () => this.#throttle.resume() };
      this.#reader = new BodyReader(framing, { limits, host });
      this.#owesContinue = expectsContinue && head.line.minorVersion === 1;
    }
    this.#exchange = new Exchange(this, { head, origin, body: this.#reader?.body ?? null });
  }

  #readBody(reader: BodyReader, bytes: Buffer, range: { start: number; end: number }): number {
    const { body } = reader;
    const at = reader.read(bytes, range, (from, to) => this.#own(bytes, from, to));
    if (typeof at !== 'number') {
      if (this.#exchange !== null) this.refuse(at);
      else this.#linger();
      return range.end;
    }
    if (body.received > 0) this.#owesContinue = false;
    if (body.isSettled) {
      this.#reader = null;
      if (this.#exchange === null) this.#nextRequest();
    } else if (body.isDiscarded) {
      if (body.received > UNWANTED_BODY_BYTES) this.#linger();
    } else if (body.isFull) this.#throttle.pause();
    return at;
  }

  #continue(): void {
    if (!this.#owesContinue) return;
    this.#owesContinue = false;
    if (this.#exchange?.status === 0) this.outgoing.text('HTTP/1.1 100 Continue\r\n\r\n');
  }

  #mustClose(exchange: Exchange): boolean {
    const { line, fields } = exchange.head;
    if (fields.connection.close || (line.minorVersion === 0 && !fields.connection.keepAlive)) return true;
    if (this.#host.limits.keepAliveMs === 0 || this.#hasPeerEnded) return true;
    // The rest of a body that may never be sent, or is too much to read for nothing.
    if (this.#reader !== null && (this.#owesContinue || this.#reader.missing > UNWANTED_BODY_BYTES)) return true;
    // With pipelining only the last answer may say so.
    return this.#host.drainIdleMs !== null && this.#rest.length === 0 && this.#bytesAhead === 0;
  }

  #nextRequest(): void {
    if (this.#rest.length > 0) {
      // In a turn of its own, or a long row of pipelined requests would make a deep stack.
      if (!this.#throttle.isReading) setImmediate(() => this.#readRest());
    } else if (this.#hasPeerEnded) this.close();
    else this.#throttle.resume();
  }

  #readRest(): void {
    const rest = this.#rest;
    if (rest.length === 0 || this.#throttle.isReading || this.#exchange !== null) return;
    this.#rest = NOTHING;
    this.receive(rest, rest.length);
    if (this.#exchange !== null || this.#closing !== 'no') return;
    this.#nextRequest();
  }

  /** Keeps bytes for later; the client has to wait when there are many. */
  #keep(bytes: Buffer): void {
    if (this.#closing === 'lingering' || this.#closing === 'closed') return;
    this.#rest = Buffer.concat([this.#rest, bytes]);
    if (this.#rest.length >= PARSE_AHEAD_BYTES) this.#throttle.pause();
  }

  #own(bytes: Buffer, start: number, end: number): Uint8Array {
    const piece = bytes.subarray(start, end);
    return this.#areBytesLent ? Buffer.from(piece) : piece;
  }

  #situation(): Situation {
    const reader = this.#throttle.isPaused ? null : this.#reader;
    return {
      phase: this.#phase(),
      requests: this.#requests,
      bodyBytes: reader?.body.received ?? null,
      takenBytes: this.#socket.writableLength > 0 ? bytesTaken(this.#socket) : null,
      drainIdleMs: this.#host.drainIdleMs,
    };
  }

  #phase(): Situation['phase'] {
    if (this.#upgraded !== null) return 'upgraded';
    if (this.#closing === 'lingering') return 'lingering';
    if (this.#exchange !== null || this.#reader !== null || this.#rest.length > 0) return 'busy';
    if (this.#heads.isUnderWay) return 'head';
    return this.#requests === 0 ? 'fresh' : 'idle';
  }

  /** Closes our side and reads on for a while: to close at once would reset the connection under the answer (RFC 9112, section 9.6). */
  #linger(): void {
    this.#closing = 'lingering';
    this.#rest = NOTHING;
    this.outgoing.end();
    this.#throttle.resume();
  }

  #peerEnded(): void {
    this.#hasPeerEnded = true;
    if (this.#upgraded !== null) return void this.#upgraded.receive(null);
    if (this.#closing === 'lingering') return this.cut();
    if (this.#reader !== null) return this.refuse(refusal(400, 'body broken off'));
    if (this.#exchange === null && this.#rest.length === 0) this.close();
  }

  #socketClosed(): void {
    this.#closing = 'closed';
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#reader?.body.fail('the client is gone');
    if (exchange !== null) {
      exchange.abandon(499);
      this.#host.finished(exchange);
    }
    this.#upgraded?.destroy();
    this.outgoing.release();
    this.#host.closed(this);
  }
}
