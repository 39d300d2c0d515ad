import type { Connection } from './connection.ts';
import type { RequestHead } from './head-reader.ts';
import type { Origin } from './origin.ts';
import type { Peer } from './peer.ts';
import type { Refusal } from './refusal.ts';
import type { RequestBody } from './request-body.ts';
import { type BodyPlan, headText, planBody, type ResponseHead } from './response-head.ts';
import type { UpgradedConnection } from './upgrade.ts';

/**
 * One request and its answer. An interface reads the request from it and answers once: with `respond`, or with `begin`, `write` and `end`,
 * or with `upgrade`. After the client is gone all of these do nothing.
 */
export class Exchange {
  readonly head: RequestHead;
  readonly origin: Origin;
  /** `null`: the request has none. */
  readonly body: RequestBody | null;
  /** Of the answer; 0 while nothing was sent. */
  status = 0;
  /** Bytes of the answer's body, without its framing. */
  bodyBytes = 0;
  /** The answer's fields, as far as they are known here. */
  answerFields: readonly string[] = [];
  /** For whoever observes exchanges: what it keeps for this one. */
  note: unknown = null;
  /** The client left, or the server answered in the application's place: what the application still makes of it concerns nobody. */
  isAbandoned = false;
  readonly #connection: Connection;
  #phase: 'open' | 'streaming' | 'over' = 'open';
  #plan: BodyPlan | null = null;
  #goneListeners: (() => void)[] | null = null;
  #leavingListeners: (() => void)[] | null = null;

  constructor(connection: Connection, request: { head: RequestHead; origin: Origin; body: RequestBody | null }) {
    this.#connection = connection;
    this.head = request.head;
    this.origin = request.origin;
    this.body = request.body;
  }

  /** How the body of a streamed answer ends; `null` while none was begun. */
  get plan(): BodyPlan | null {
    return this.#plan;
  }

  get peer(): Peer {
    return this.#connection.peer;
  }

  /** Nothing can be sent any more: the answer is whole, or the client is gone. */
  get isOver(): boolean {
    return this.#phase === 'over';
  }

  /** Calls back once if the client is gone before the answer is whole; at once if it is gone already. */
  onGone(listener: () => void): void {
    if (this.#phase !== 'over') {
      this.#goneListeners ??= [];
      this.#goneListeners.push(listener);
    } else if (this.#connection.isClosed) listener();
  }

  /**
   * Calls back once when the client has closed its side before the answer is whole: most have left then, and nobody can tell those that
   * still read (RFC 9112, section 9.6, lets them). At once if that was so before. The answer goes out all the same.
   */
  onLeaving(listener: () => void): void {
    if (this.#connection.hasPeerEnded || this.#connection.isClosed) return listener();
    if (this.#phase === 'over') return;
    this.#leavingListeners ??= [];
    this.#leavingListeners.push(listener);
  }

  /** The client has closed its side. */
  get isLeft(): boolean {
    return this.#connection.hasPeerEnded;
  }

  /** For an interface: the application gave up, since its client seems to be gone. */
  drop(): void {
    if (this.#phase !== 'over') this.#connection.cut();
  }

  /** For the connection: the client has closed its side. */
  peerEnded(): void {
    const listeners = this.#leavingListeners;
    this.#leavingListeners = null;
    if (listeners !== null) for (const listener of listeners) listener();
  }

  /**
   * The whole answer at once. Text is sent as UTF-8; as `'latin1'` it stands for bytes, one a character.
   *
   * @throws TypeError when the exchange was answered already.
   */
  respond(head: ResponseHead, body: string | Uint8Array | null, encoding: 'utf8' | 'latin1' = 'utf8'): void {
    if (!this.#take(head)) return;
    const isText = typeof body === 'string';
    const length = body === null ? 0 : isText ? Buffer.byteLength(body, encoding) : body.length;
    const plan = planBody(head, this.head.line, length);
    // What the application announced and what it gave differ: the slow path counts.
    if (plan.kind === 'sized' && plan.bytes !== length) {
      return this.#respondCounted(head, isText ? Buffer.from(body, encoding) : body, length);
    }
    const text = this.#headText(head, plan, length);
    if (plan.kind === 'none' || body === null || length === 0) this.#connection.outgoing.text(text);
    else {
      this.bodyBytes = length;
      // As many bytes as characters: all of it is ASCII, or latin1.
      if (isText && length === body.length) this.#connection.outgoing.text(text + body);
      else {
        this.#connection.outgoing.textAhead(text);
        this.#connection.outgoing.bytes(isText ? Buffer.from(body) : body);
      }
    }
    this.#finish();
  }

  /** An early answer of status 103, with these fields written out (RFC 8297). Nothing where the client could take it for the answer. */
  hint(fieldsText: string): void {
    if (this.#phase !== 'open' || this.head.line.minorVersion === 0) return;
    this.#connection.outgoing.text(`HTTP/1.1 103 Early Hints\r\n${fieldsText}\r\n`);
  }

  /**
   * The head of an answer whose body follows in pieces. `length` of the body where it is known.
   *
   * @throws TypeError when the exchange was answered already.
   */
  begin(head: ResponseHead, length: number | null): void {
    if (!this.#take(head)) return;
    const plan = planBody(head, this.head.line, length);
    this.#plan = plan;
    this.#phase = 'streaming';
    this.#connection.outgoing.textAhead(this.#headText(head, plan, length));
  }

  /**
   * A piece of the body. `false`: wait for `drained` before the next one, or the memory grows.
   *
   * @throws RangeError where the piece goes beyond the announced length; what is within it was sent, and the rest must not be.
   */
  write(piece: Uint8Array): boolean {
    const plan = this.#plan;
    if (this.#phase !== 'streaming' || plan === null) return true;
    if (piece.length === 0 || plan.kind === 'none') return true;
    if (plan.kind === 'chunked') {
      this.bodyBytes += piece.length;
      const { outgoing } = this.#connection;
      outgoing.textAhead(`${piece.length.toString(16)}\r\n`);
      const goesOn = outgoing.bytes(piece);
      outgoing.textAhead('\r\n');
      return goesOn;
    }
    const room = plan.kind === 'sized' ? plan.bytes - this.bodyBytes : piece.length;
    const fits = room >= piece.length ? piece : piece.subarray(0, room);
    this.bodyBytes += fits.length;
    const goesOn = fits.length === 0 || this.#connection.outgoing.bytes(fits);
    if (fits !== piece) throw new RangeError(`the body is longer than its Content-Length of ${this.bodyBytes} bytes`);
    return goesOn;
  }

  /** Resolves when the client has taken what was written, or is gone. */
  drained(): Promise<void> {
    return this.#phase === 'over' ? Promise.resolve() : this.#connection.outgoing.drained();
  }

  /**
   * The body is whole. Returns how many announced bytes are missing: the connection is cut then, so that nobody takes the answer for a
   * whole one.
   */
  end(): number {
    const plan = this.#plan;
    if (this.#phase !== 'streaming' || plan === null) return 0;
    const missing = plan.kind === 'sized' ? plan.bytes - this.bodyBytes : 0;
    if (missing > 0) {
      this.#connection.cutAnswer(plan);
      return missing;
    }
    if (plan.kind === 'chunked') this.#connection.outgoing.textAhead('0\r\n\r\n');
    this.#finish();
    return 0;
  }

  /** The application failed: 500 if nothing was sent yet, else the connection is cut. */
  fail(): void {
    if (this.#phase === 'streaming') this.#connection.cutAnswer(this.#plan);
    else if (this.#phase === 'open') this.#connection.refuse({ status: 500, reason: 'the application failed' });
  }

  /** For an interface that finds a request impossible: the server answers in place of the application, and closes. */
  refuse(why: Refusal): void {
    if (this.#phase === 'open') this.#connection.refuse(why);
  }

  /** Whether the client asks to leave HTTP on this connection. */
  get wantsUpgrade(): boolean {
    const { line, fields } = this.head;
    return line.minorVersion === 1 && fields.connection.upgrade && fields.upgrade !== null && this.body === null;
  }

  /**
   * Answers 101 and hands the connection over; whoever takes it owns it. The caller gives the fields, `Connection` and `Upgrade` are ours.
   *
   * @throws TypeError when the client did not ask for it, or was answered already.
   */
  upgrade(fieldsText = ''): UpgradedConnection {
    if (!this.wantsUpgrade) throw new TypeError('The client did not ask for an upgrade.');
    if (this.#phase !== 'open') throw new TypeError('The request is answered already, or its client is gone.');
    this.status = 101;
    this.#phase = 'over';
    const protocol = this.head.fields.upgrade ?? '';
    return this.#connection.upgrade(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n${fieldsText}\r\n`,
    );
  }

  /** For the connection: the server answered by itself, or the client is gone. */
  abandon(status: number): void {
    if (this.#phase === 'over') return;
    if (this.status === 0) this.status = status;
    this.#phase = 'over';
    this.peerEnded();
    this.isAbandoned = true;
    const listeners = this.#goneListeners;
    this.#goneListeners = null;
    if (listeners !== null) for (const listener of listeners) listener();
  }

  /** Whether the answer may be given now; `false` when the client is gone. */
  #take(head: ResponseHead): boolean {
    if (this.#phase === 'streaming' || (this.#phase === 'over' && !this.#connection.isClosed && this.status === 0)) {
      throw new TypeError('The request is answered already.');
    }
    if (this.#phase === 'over') return false;
    this.status = head.status;
    return true;
  }

  #headText(head: ResponseHead, plan: BodyPlan, length: number | null): string {
    const { fields } = head;
    const closes = this.#connection.closesAfter(this, fields.closes || plan.kind === 'close');
    const keeps = this.head.line.minorVersion === 0 ? 'Connection: keep-alive\r\n' : '';
    const connection = closes ? 'Connection: close\r\n' : keeps;
    return headText({ head, plan, length, standing: this.#connection.standing.text(fields), connection });
  }

  #respondCounted(head: ResponseHead, body: Uint8Array | null, length: number): void {
    const plan = planBody(head, this.head.line, length);
    this.#plan = plan;
    this.#phase = 'streaming';
    this.#connection.outgoing.textAhead(this.#headText(head, plan, length));
    if (body !== null) this.write(body);
    this.end();
  }

  #finish(): void {
    this.#phase = 'over';
    this.#goneListeners = null;
    this.#leavingListeners = null;
    this.#connection.answered(this);
  }
}
