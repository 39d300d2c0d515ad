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

type Waiter = { resolve(piece: Uint8Array | null): void; reject(error: BodyError): void };

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
  #pieces: Uint8Array[] = [];
  #waitingBytes = 0;
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

  /** More waits than the reader keeps up with: the connection should read no further. */
  get isFull(): boolean {
    return this.#waitingBytes >= HIGH_WATER_BYTES;
  }

  /** For the connection: a piece, which belongs to the body from now on. */
  push(piece: Uint8Array): void {
    this.received += piece.length;
    if (this.#isDiscarded) return;
    if (this.#waiter !== null) return this.#settle((waiter) => waiter.resolve(piece));
    this.#pieces.push(piece);
    this.#waitingBytes += piece.length;
  }

  /** For the connection: the body came to its end. */
  complete(): void {
    if (this.#state !== 'open') return;
    this.#state = 'complete';
    this.#settle((waiter) => waiter.resolve(null));
  }

  /** For the connection: the rest will not come. */
  fail(reason: string): void {
    if (this.#state !== 'open') return;
    const error = new BodyError(reason);
    this.#state = error;
    this.#settle((waiter) => waiter.reject(error));
  }

  /** Nobody will read on: what is there is dropped, and what comes too. */
  discard(): void {
    this.#isDiscarded = true;
    this.#pieces = [];
    const wasFull = this.isFull;
    this.#waitingBytes = 0;
    if (wasFull) this.#host.resume();
  }

  /** The next piece; `null` at the end. Rejects with {@link BodyError} where the body is cut or malformed: never a clean end then. */
  next(): Promise<Uint8Array | null> {
    this.#want();
    const piece = this.#pieces.shift();
    if (piece !== undefined) {
      const wasFull = this.isFull;
      this.#waitingBytes -= piece.length;
      if (wasFull && !this.isFull) this.#host.resume();
      return Promise.resolve(piece);
    }
    if (this.#state === 'complete') return Promise.resolve(null);
    if (this.#state !== 'open') return Promise.reject(this.#state);
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  /** The whole body; not copied when it came in one piece. Rejects as `next` does. */
  async bytes(): Promise<Uint8Array> {
    const first = await this.next();
    if (first === null) return new Uint8Array(0);
    if (this.length === first.length) return first;
    const pieces = [first];
    let bytes = first.length;
    for (let piece = await this.next(); piece !== null; piece = await this.next()) {
      pieces.push(piece);
      bytes += piece.length;
    }
    return pieces.length === 1 ? first : Buffer.concat(pieces, bytes);
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

  #settle(act: (waiter: Waiter) => void): void {
    const waiter = this.#waiter;
    this.#waiter = null;
    if (waiter !== null) act(waiter);
  }
}
