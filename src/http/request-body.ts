import { Pieces } from './pieces.ts';

/** Why a body did not come to its end: the client broke off, sent nonsense, was too slow, or sent too much. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
}

/** What waits in memory before the client is made to wait. */
const HIGH_WATER_BYTES = 65_536;

/** What a body wants of its connection. */
export interface BodyHost {
  /** Somebody reads for the first time: the moment for `100 Continue`. */
  wanted(): void;
  /** There is room again. */
  resume(): void;
}

/** A reader that waits until `leastBytes` are there, or all that will come. */
interface Waiter {
  leastBytes: number;
  settle(): void;
}

/**
 * The body of one request, as it comes. There is one reader, and it pulls: what it does not take makes the client wait, not the memory
 * grow.
 */
export class RequestBody {
  /** As announced; `null`: nobody knows before the end. */
  readonly length: number | null;
  /** Bytes that have come. */
  received = 0;
  readonly #host: BodyHost;
  readonly #pieces = new Pieces();
  #state: 'open' | 'complete' | BodyError = 'open';
  #waiter: Waiter | null = null;
  #isWanted = false;
  #isDiscarded = false;

  constructor(length: number | null, host: BodyHost) {
    this.length = length;
    this.#host = host;
  }

  /** The last byte has come, or none will any more. */
  get isSettled(): boolean {
    return this.#state !== 'open';
  }

  get isDiscarded(): boolean {
    return this.#isDiscarded;
  }

  /** More waits than the reader keeps up with: the connection should read no further. Not so when the reader waits for more. */
  get isFull(): boolean {
    return this.#waiter === null && this.#pieces.bytes >= HIGH_WATER_BYTES;
  }

  /** For the connection: a piece, which belongs to the body from now on. */
  push(piece: Uint8Array): void {
    this.received += piece.length;
    if (!this.#isDiscarded) this.#pieces.add(piece);
  }

  /** For the connection: as `push`, of bytes that are lent. */
  pushCopy(bytes: Buffer, from: number, to: number): void {
    this.received += to - from;
    if (!this.#isDiscarded) this.#pieces.copy(bytes, from, to);
  }

  /** For the connection: there is no more to push now, so whoever waits gets all that came together. */
  handOver(): void {
    const waiter = this.#waiter;
    if (waiter === null || !this.#has(waiter.leastBytes)) return;
    this.#waiter = null;
    waiter.settle();
  }

  /** For the connection: the body came to its end. */
  complete(): void {
    if (this.#state !== 'open') return;
    this.#state = 'complete';
    this.handOver();
  }

  /** For the connection: the rest will not come. */
  fail(reason: string): void {
    if (this.#state !== 'open') return;
    this.#state = new BodyError(reason);
    this.handOver();
  }

  /** Nobody will read on: what is there is dropped, and what comes too. */
  discard(): void {
    this.#isDiscarded = true;
    const wasFull = this.isFull;
    this.#pieces.clear();
    if (wasFull) this.#host.resume();
  }

  /**
   * The next piece; `null` at the end. Small ones that came meanwhile are joined. Rejects with {@link BodyError} where the body is cut or
   * malformed: never a clean end then.
   *
   * @param leastBytes It is worth the wait that so many are there, unless the body ends, or `hurry` is called.
   */
  next(leastBytes = 1): Promise<Uint8Array | null> {
    return this.#when(leastBytes, () => {
      const wasFull = this.isFull;
      const piece = this.#pieces.take();
      if (piece === null && this.#state instanceof BodyError) return this.#state;
      if (wasFull && !this.isFull) this.#host.resume();
      return piece;
    });
  }

  /** Lets the reader have, of what it waits for, what is there: it has less to do than was thought. */
  hurry(): void {
    if (this.#waiter === null) return;
    this.#waiter.leastBytes = 1;
    this.handOver();
  }

  /** The whole body; not copied when it came in one piece. Rejects as `next` does. */
  bytes(): Promise<Uint8Array> {
    return this.#when(Number.POSITIVE_INFINITY, () =>
      this.#state instanceof BodyError ? this.#state : this.#pieces.takeAll(),
    );
  }

  /** The body as a stream that pulls. */
  stream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const piece = await this.next();
          if (piece === null) controller.close();
          else controller.enqueue(piece);
        },
        cancel: () => this.discard(),
      },
      { highWaterMark: 0 },
    );
  }

  #want(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    if (this.#state === 'open') this.#host.wanted();
  }

  #has(bytes: number): boolean {
    return this.#pieces.bytes >= bytes || this.#state !== 'open' || this.received === this.length;
  }

  /** Takes once so many bytes are there, or all that will come. */
  #when<T>(leastBytes: number, take: () => T | BodyError): Promise<T> {
    this.#want();
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        const taken = take();
        if (taken instanceof BodyError) reject(taken);
        else resolve(taken);
      };
      if (this.#has(leastBytes)) return settle();
      const wasFull = this.isFull;
      this.#waiter = { leastBytes, settle };
      if (wasFull) this.#host.resume();
    });
  }
}
