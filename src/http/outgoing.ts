import type { Socket } from 'node:net';

/** A piece of bytes with its framing around it. */
export type Framed = readonly [before: string, piece: Uint8Array, after: string];

/**
 * What a connection sends, in as few writes as possible: text that is made while bytes are being read goes out together, and so does all
 * that belongs to a streamed answer within one turn of the event loop. After the socket is gone nothing happens.
 */
export class Outgoing {
  readonly #socket: Socket;
  #batch = '';
  #isBatching = false;
  #isCorked = false;
  #waiters: (() => void)[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('drain', () => this.release());
  }

  /** From here to `endBatch` text is collected. */
  beginBatch(): void {
    this.#isBatching = true;
  }

  endBatch(): void {
    this.#isBatching = false;
    this.#flush();
  }

  /** Text in latin1. */
  text(text: string): void {
    if (this.#isBatching) this.#batch += text;
    else if (!this.#socket.destroyed) this.#socket.write(text, 'latin1');
  }

  /** A piece; what follows it in this turn goes out with it. `false`: the peer does not keep up. */
  piece(piece: string | Uint8Array | Framed): boolean {
    this.#flush();
    const socket = this.#socket;
    if (socket.destroyed) return true;
    this.#cork();
    if (typeof piece === 'string') return socket.write(piece, 'latin1');
    if (piece instanceof Uint8Array) return socket.write(piece);
    socket.write(piece[0], 'latin1');
    socket.write(piece[1]);
    return socket.write(piece[2], 'latin1');
  }

  /** Resolves when the peer has taken what was written, or is gone. */
  drained(): Promise<void> {
    if (this.#socket.destroyed || !this.#socket.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Whoever waits for `drained` need wait no longer. */
  release(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  /** Hands what was written to the kernel, as far as it takes it. */
  push(): void {
    this.#flush();
    if (this.#isCorked) this.#socket.uncork();
    this.#isCorked = false;
  }

  /** Ends our side after what was written; `then` is called when it has left. */
  end(then: () => void = () => {}): void {
    this.#flush();
    this.#socket.end(then);
  }

  #flush(): void {
    if (this.#batch === '') return;
    const text = this.#batch;
    this.#batch = '';
    if (!this.#socket.destroyed) this.#socket.write(text, 'latin1');
  }

  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#socket.cork();
    process.nextTick(() => {
      if (this.#isCorked) this.#socket.uncork();
      this.#isCorked = false;
    });
  }
}
