import type { Socket } from 'node:net';
import { type ChunkDecoder, createChunkDecoder } from './chunks.ts';
import { createPatience, type Patience, type Situation } from './deadlines.ts';
import { Exchange, type Origin } from './exchange.ts';
import { HeadReader, type RequestHead } from './head-reader.ts';
import type { HttpLimits } from './limits.ts';
import type { Peer } from './peer.ts';
import { bytesTaken } from './progress.ts';
import { type Refusal, refusal, refusalText } from './refusal.ts';
import { RequestBody } from './request-body.ts';
import type { RenderedFields } from './response-head.ts';
import { UpgradedConnection } from './upgrade.ts';

/** What waits of pipelined requests before the client is made to wait. */
const PARSE_AHEAD_BYTES = 65_536;
/** How much of a body that nobody wanted is read, so that the connection can be used again. */
const UNWANTED_BODY_BYTES = 262_144;
const NOTHING = Buffer.alloc(0);

/** What all connections of an engine share. */
export interface ConnectionHost {
  readonly limits: HttpLimits;
  /** Calls the application. It may throw nothing. */
  handle(exchange: Exchange): void;
  /** Where a request comes from, as its fields and its peer tell. */
  originOf(fields: readonly string[], peer: Peer): Origin | Refusal;
  /** `Date` and `Server`, with line ends, where the application gave none of its own. */
  standing(fields: RenderedFields | null): string;
  /** An answer is whole, or will never be. Not called for requests that never reached the application. */
  finished(exchange: Exchange): void;
  refused(refusal: Refusal, connection: Connection): void;
  /** Answers should end their connection. */
  readonly isDraining: boolean;
  closed(connection: Connection): void;
}

/**
 * One connection that speaks HTTP/1.1. Requests are answered one after the other: what comes behind one waits, in bounds, as bytes. It owns
 * its socket.
 */
export class Connection {
  readonly peer: Peer;
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  readonly #heads: HeadReader;
  /** Bytes are only lent: what is kept of them must be copied. */
  readonly #areBytesLent: boolean;
  #patience: Patience | null = null;
  /** Bytes behind the request that is being answered. */
  #rest: Buffer = NOTHING;
  #exchange: Exchange | null = null;
  #body: RequestBody | null = null;
  #chunks: ChunkDecoder | null = null;
  #upgraded: UpgradedConnection | null = null;
  #serial = 0;
  /** Text of answers, while bytes are being read: one write for all of them. */
  #out = '';
  #isReading = false;
  #isPaused = false;
  #isCorked = false;
  #owesContinue = false;
  #hasEnded = false;
  #closing: 'no' | 'afterAnswer' | 'lingering' | 'closed' = 'no';
  #drainWaiters: (() => void)[] = [];
  /** The last fields that were looked at for their origin, which are mostly those of the next request too. */
  #originFields: readonly string[] | null = null;
  #origin: Origin | null = null;

  constructor(socket: Socket, options: { host: ConnectionHost; peer: Peer; areBytesLent: boolean }) {
    this.#socket = socket;
    this.#host = options.host;
    this.peer = options.peer;
    this.#areBytesLent = options.areBytesLent;
    this.#heads = new HeadReader(options.host.limits);
    socket.on('error', () => {});
    socket.on('end', () => this.#peerEnded());
    socket.on('drain', () => this.#peerTookAll());
    socket.once('close', () => this.#socketClosed());
  }

  /** The client is gone: nothing can reach it. */
  get isClosed(): boolean {
    return this.#closing === 'closed';
  }

  /** Takes what the socket read. `false`: read no more, until it is told to. */
  receive(bytes: Buffer, length: number): boolean {
    this.#isReading = true;
    let at = 0;
    if (this.#rest.length > 0) at = this.#keep(bytes, 0, length);
    else at = this.#consume(bytes, 0, length);
    if (at < length) this.#keep(bytes, at, length);
    this.#isReading = false;
    this.#flush();
    return !this.#isPaused;
  }

  /** Whether nothing is owed to the client and nothing of a request has come. */
  get isIdle(): boolean {
    return (
      this.#exchange === null &&
      this.#body === null &&
      this.#upgraded === null &&
      this.#rest.length === 0 &&
      !this.#heads.isUnderWay &&
      this.#closing === 'no'
    );
  }

  /** Closes an idle connection. */
  close(): void {
    this.#closing = 'lingering';
    this.#socket.end(() => this.#socket.destroy());
  }

  /** Ends it at once, whatever is under way. */
  cut(): void {
    this.#socket.destroy();
  }

  /** Called now and then by the one timer of the engine. */
  judge(nowMs: number): void {
    this.#patience ??= createPatience(this.#host.limits);
    const verdict = this.#patience.judge(this.#situation(), nowMs);
    switch (verdict) {
      case null:
        return;
      case 'close':
        return this.close();
      case 'headTimeout':
        return this.refuse(refusal(408, 'head not whole in time'));
      case 'bodyTimeout':
        return this.#failBody(refusal(408, 'body silent for too long'));
      case 'requestTimeout':
        return this.refuse(refusal(503, 'request took longer than requestTimeout'));
      case 'cut':
        return this.cut();
    }
  }

  /** The server answers in place of the application, and closes. */
  refuse(why: Refusal): void {
    const exchange = this.#exchange;
    this.#host.refused(why, this);
    if (exchange !== null && exchange.status !== 0) return this.cut();
    this.#exchange = null;
    if (exchange !== null) {
      exchange.abandon(why.status);
      this.#host.finished(exchange);
    }
    this.#body?.fail(why.reason);
    this.sendText(refusalText(why.status, this.#host.standing(null)));
    this.#linger();
  }

  /** For an exchange: text in latin1. */
  sendText(text: string): void {
    if (this.#isReading) this.#out += text;
    else if (!this.#socket.destroyed) this.#socket.write(text, 'latin1');
  }

  /** For an exchange: a head and a body of bytes. */
  send(text: string, body: Uint8Array): void {
    this.#flush();
    this.#cork();
    this.#socket.write(text, 'latin1');
    this.#socket.write(body);
  }

  /** For an exchange: a piece, which goes out with what follows it in this turn of the event loop. `false`: the client does not keep up. */
  sendSoon(piece: string | Uint8Array | readonly [string, Uint8Array, string]): boolean {
    this.#flush();
    if (this.#socket.destroyed) return true;
    this.#cork();
    if (typeof piece === 'string') return this.#socket.write(piece, 'latin1');
    if (piece instanceof Uint8Array) return this.#socket.write(piece);
    this.#socket.write(piece[0], 'latin1');
    this.#socket.write(piece[1]);
    return this.#socket.write(piece[2], 'latin1');
  }

  /** For an exchange: resolves when the client has taken what was written. */
  drained(): Promise<void> {
    if (this.#socket.destroyed || !this.#socket.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => this.#drainWaiters.push(resolve));
  }

  /** For an exchange: whether its answer ends the connection, which it then says. `wanted`: the application or HTTP/1.0 wants it so. */
  closesAfter(exchange: Exchange, wanted: boolean): boolean {
    if (wanted || this.#mustClose(exchange)) this.#closing = 'afterAnswer';
    return this.#closing !== 'no';
  }

  closeAfterAnswer(): void {
    this.#closing = 'afterAnswer';
  }

  standing(fields: RenderedFields): string {
    return this.#host.standing(fields);
  }

  /** For an exchange: its answer is whole. */
  answered(exchange: Exchange): void {
    this.#exchange = null;
    this.#host.finished(exchange);
    const body = this.#body;
    if (this.#closing === 'afterAnswer') {
      if ((body !== null && !body.isSettled) || this.#rest.length > 0) return this.#linger();
      this.#flush();
      return this.close();
    }
    body?.discard();
    if (body?.isSettled !== false) this.#nextRequest();
  }

  /** For an exchange: an answer that must not be taken for a whole one. */
  cutAnswer(): void {
    this.#flush();
    this.cut();
  }

  /** For an exchange: the connection is no longer ours to read. */
  upgrade(head: string): UpgradedConnection {
    const socket = this.#socket;
    const exchange = this.#exchange;
    this.#exchange = null;
    this.sendText(head);
    this.#flush();
    const upgraded = new UpgradedConnection({
      write: (bytes, done) => void socket.write(bytes, done),
      end: (done) => void socket.end(done),
      pause: () => this.#pause(),
      resume: () => this.#resume(),
      destroy: () => socket.destroy(),
    });
    this.#upgraded = upgraded;
    if (exchange !== null) this.#host.finished(exchange);
    const rest = this.#rest;
    this.#rest = NOTHING;
    if (rest.length > 0) upgraded.receive(rest);
    if (this.#hasEnded) upgraded.receive(null);
    return upgraded;
  }

  /** Reads as far as it goes; returns where what must wait begins. */
  #consume(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end && this.#closing !== 'closed') {
      if (this.#upgraded !== null) {
        if (!this.#upgraded.receive(this.#own(bytes, at, end))) this.#pause();
        return end;
      }
      if (this.#closing === 'lingering') return end;
      if (this.#body !== null && !this.#body.isSettled) at = this.#readBody(this.#body, bytes, at, end);
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
    this.#began(progress.head);
    const { at } = progress;
    // A body that is here already is the application's before it is called: a small one is read without a wait.
    const body = this.#body;
    const next = body === null ? at : this.#readBody(body, bytes, at, end);
    const exchange = this.#exchange;
    if (exchange !== null) this.#host.handle(exchange);
    return next;
  }

  #began(head: RequestHead): void {
    this.#serial += 1;
    const { framing, list, expectsContinue } = head.fields;
    const origin = this.#originOf(list);
    if ('status' in origin) return this.refuse(origin);
    const { maxBodyBytes } = this.#host.limits;
    if (framing.kind === 'sized' && maxBodyBytes !== null && framing.bytes > maxBodyBytes) {
      return this.refuse(refusal(413, 'announced body too large'));
    }
    if (framing.kind !== 'none') {
      this.#body = new RequestBody(framing.kind === 'sized' ? framing.bytes : null, {
        wanted: () => this.#continue(),
        resume: () => this.#resume(),
      });
      this.#chunks = framing.kind === 'chunked' ? createChunkDecoder(this.#host.limits) : null;
      this.#owesContinue = expectsContinue && head.line.minorVersion === 1;
    }
    this.#exchange = new Exchange(this, { head, origin, body: this.#body });
  }

  #originOf(list: readonly string[]): Origin | Refusal {
    if (this.#origin !== null && this.#originFields === list) return this.#origin;
    const origin = this.#host.originOf(list, this.peer);
    if ('status' in origin) return origin;
    this.#originFields = list;
    this.#origin = origin;
    return origin;
  }

  #readBody(body: RequestBody, bytes: Buffer, start: number, end: number): number {
    const chunks = this.#chunks;
    let at = start;
    if (chunks === null) {
      const to = Math.min(end, start + (body.length ?? 0) - body.received);
      if (to > start) body.push(this.#own(bytes, start, to));
      at = to;
      if (body.received === body.length) body.complete();
    } else {
      const progress = chunks.read(bytes, start, end, (from, to) => body.push(this.#own(bytes, from, to)));
      const fault = 'status' in progress ? progress : this.#bodyTooLarge(body);
      if (fault !== null) {
        this.#failBody(fault);
        return end;
      }
      if ('at' in progress) at = progress.at;
      if ('state' in progress && progress.state === 'done') body.complete();
    }
    this.#bodyMoved(body);
    return at;
  }

  #bodyTooLarge(body: RequestBody): Refusal | null {
    const { maxBodyBytes } = this.#host.limits;
    return maxBodyBytes !== null && body.received > maxBodyBytes ? refusal(413, 'body too large') : null;
  }

  /** The body goes on or is whole: who waits for whom? */
  #bodyMoved(body: RequestBody): void {
    if (body.received > 0) this.#owesContinue = false;
    if (body.isSettled) {
      this.#chunks = null;
      if (this.#exchange === null) this.#nextRequest();
      else this.#body = null;
    } else if (body.isDiscarded) {
      if (body.received > UNWANTED_BODY_BYTES) this.#linger();
    } else if (body.isFull) this.#pause();
  }

  /** The body will not come to a clean end: its reader learns it, and so does the client if it was sent nothing yet. */
  #failBody(why: Refusal): void {
    this.#body?.fail(why.reason);
    if (this.#exchange !== null) return this.refuse(why);
    this.#linger();
  }

  #continue(): void {
    if (!this.#owesContinue) return;
    this.#owesContinue = false;
    if (this.#exchange?.status === 0) this.sendText('HTTP/1.1 100 Continue\r\n\r\n');
  }

  /** What no answer can repair: the rest of a body that is too much to read, or that may never be sent. */
  #mustClose(exchange: Exchange): boolean {
    const { line, fields } = exchange.head;
    if (fields.connection.close || (line.minorVersion === 0 && !fields.connection.keepAlive)) return true;
    if (this.#host.limits.keepAliveMs === 0 || this.#hasEnded) return true;
    const body = this.#body;
    if (body !== null && !body.isSettled) {
      if (this.#owesContinue) return true;
      if ((body.length ?? 0) - body.received > UNWANTED_BODY_BYTES) return true;
    }
    // With pipelining only the last answer may say so.
    return this.#host.isDraining && this.#rest.length === 0;
  }

  #nextRequest(): void {
    this.#body = null;
    this.#resume();
    const rest = this.#rest;
    if (rest.length > 0 && !this.#isReading) {
      // In a turn of its own, or a long row of pipelined requests would be a deep stack.
      setImmediate(() => this.#readRest());
    }
    if (this.#hasEnded && rest.length === 0) this.close();
  }

  #readRest(): void {
    const rest = this.#rest;
    if (rest.length === 0 || this.#exchange !== null) return;
    this.#rest = NOTHING;
    this.#isReading = true;
    const at = this.#consume(rest, 0, rest.length);
    this.#rest = rest.subarray(at);
    this.#isReading = false;
    this.#flush();
    if (this.#rest.length > 0 && this.#exchange === null && this.#closing === 'no')
      setImmediate(() => this.#readRest());
    else if (this.#rest.length < PARSE_AHEAD_BYTES) this.#resume();
    if (this.#hasEnded && this.isIdle) this.close();
  }

  /** Keeps bytes for later; the client has to wait when there are many. Returns `end`. */
  #keep(bytes: Buffer, start: number, end: number): number {
    if (this.#closing === 'lingering' || this.#closing === 'closed') return end;
    this.#rest = Buffer.concat([this.#rest, bytes.subarray(start, end)]);
    if (this.#rest.length >= PARSE_AHEAD_BYTES) this.#pause();
    return end;
  }

  #own(bytes: Buffer, start: number, end: number): Uint8Array {
    const piece = bytes.subarray(start, end);
    return this.#areBytesLent ? Buffer.from(piece) : piece;
  }

  #situation(): Situation {
    const socket = this.#socket;
    const body = this.#body;
    const waitsForBody = body !== null && !body.isSettled && !this.#isPaused;
    const phase =
      this.#upgraded !== null
        ? 'upgraded'
        : this.#closing === 'lingering'
          ? 'lingering'
          : this.#exchange !== null || body !== null || this.#rest.length > 0
            ? 'busy'
            : this.#heads.isUnderWay
              ? 'head'
              : this.#serial === 0
                ? 'fresh'
                : 'idle';
    return {
      phase,
      serial: this.#serial,
      bodyBytes: waitsForBody ? body.received : null,
      takenBytes: socket.writableLength > 0 ? bytesTaken(socket) : null,
    };
  }

  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      this.#socket.uncork();
    });
  }

  #flush(): void {
    if (this.#out === '') return;
    const out = this.#out;
    this.#out = '';
    if (!this.#socket.destroyed) this.#socket.write(out, 'latin1');
  }

  #pause(): void {
    this.#isPaused = true;
    if (!this.#isReading) this.#socket.pause();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (!this.#isReading) this.#socket.resume();
  }

  /** Closes our side and reads on for a while: to close at once would reset the connection under the answer (RFC 9112, section 9.6). */
  #linger(): void {
    this.#closing = 'lingering';
    this.#rest = NOTHING;
    this.#flush();
    this.#resume();
    this.#socket.end();
  }

  #peerEnded(): void {
    this.#hasEnded = true;
    if (this.#upgraded !== null) return void this.#upgraded.receive(null);
    if (this.#closing === 'lingering') return this.cut();
    const body = this.#body;
    if (body !== null && !body.isSettled) {
      body.fail('the client broke off within the body');
      if (this.#exchange !== null) return this.refuse(refusal(400, 'body broken off'));
      return this.cut();
    }
    if (this.#exchange === null && this.#rest.length === 0) this.close();
  }

  #peerTookAll(): void {
    for (const resolve of this.#drainWaiters.splice(0)) resolve();
  }

  #socketClosed(): void {
    this.#closing = 'closed';
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#body?.fail('the client is gone');
    if (exchange !== null) {
      exchange.abandon(499);
      this.#host.finished(exchange);
    }
    this.#upgraded?.destroy();
    this.#peerTookAll();
    this.#host.closed(this);
  }
}
