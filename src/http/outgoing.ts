import type { Socket } from 'node:net';

/**
 * What a connection sends, in as few writes as possible. Text that is made while bytes are being read goes out together; so does all that
 * belongs to a streamed answer within one round of the event loop, where the framing of a piece and of the next one become one text. After
 * the socket is gone nothing happens.
 */
export class Outgoing {
  readonly #socket: Socket;
  /** Text, in latin1, that was not handed to the socket yet. */
  #text = '';
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
    if (!this.#isCorked) this.#writeText();
  }

  /** Text in latin1, a whole answer or the end of one. */
  text(text: string): void {
    if (this.#isBatching || this.#isCorked) this.#text += text;
    else if (!this.#socket.destroyed) this.#socket.write(text, 'latin1');
  }

  /** Text in latin1, behind which more follows in this round. */
  textAhead(text: string): void {
    this.#cork();
    this.#text += text;
  }

  /** Bytes. `false`: the peer does not keep up. */
  bytes(piece: Uint8Array): boolean {
    const socket = this.#socket;
    if (socket.destroyed) return true;
    this.#cork();
    this.#writeText();
    return socket.write(piece);
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
    this.#writeText();
    if (!this.#isCorked) return;
    this.#isCorked = false;
    this.#socket.uncork();
  }

  /** Ends our side after what was written; `then` is called when it has left. */
  end(then: () => void = () => {}): void {
    this.push();
    this.#socket.end(then);
  }

  #writeText(): void {
    if (this.#text === '') return;
    const text = this.#text;
    this.#text = '';
    if (!this.#socket.destroyed) this.#socket.write(text, 'latin1');
  }

  /** Until the end of the round: pieces of a stream come one microtask after the other. */
  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#socket.cork();
    setImmediate(() => this.push());
  }
}
