import type { Socket } from 'node:net';
import { Gathered } from './gathered.ts';

/** Pieces up to this size are copied to their neighbours; copying a larger one takes longer than a write of its own. */
const COPIED_BYTES = 8 * 1024;

/**
 * What a connection sends, in as few writes as possible. Text that is made while bytes are being read goes out together; so does all that
 * belongs to a streamed answer within one round of the event loop: small pieces and their framing become one run of bytes. An answer of
 * sixteen pieces of 4 KiB takes 23 µs of the processor that way, and 49 with a `writev` of pieces and framing. After the socket is gone
 * nothing happens.
 */
export class Outgoing {
  readonly #socket: Socket;
  /** Text, in latin1, that stands behind all that is gathered. */
  #text = '';
  #gathered: Gathered | null = null;
  #isBatching = false;
  /** At the end of the round what is here goes out. */
  #isDue = false;
  #isCorked = false;
  #waiters: (() => void)[] = [];
  /** Texts that the kernel has not taken whole. */
  #waiting = 0;
  readonly #isDirect: boolean;
  readonly #sent = (error?: Error | null): void => {
    this.#waiting -= 1;
    if (error) this.#socket.destroy();
  };

  /** @param isDirect whether it is a plain socket, on which a text may pass the queue of the stream. */
  constructor(socket: Socket, isDirect: boolean) {
    this.#socket = socket;
    this.#isDirect = isDirect;
    socket.on('drain', () => {
      if (!this.#isDue) this.release();
    });
  }

  /** From here to `endBatch` text is collected. */
  beginBatch(): void {
    this.#isBatching = true;
  }

  endBatch(): void {
    this.#isBatching = false;
    if (!this.#isDue) this.#flush();
  }

  /** Text in latin1, a whole answer or the end of one. */
  text(text: string): void {
    if (this.#isBatching || this.#isDue) this.#text += text;
    else this.#sendText(text);
  }

  /** Text in latin1, behind which more follows in this round. */
  textAhead(text: string): void {
    this.#makeDue();
    this.#text += text;
  }

  /** Bytes. `false`: the peer does not keep up, or enough was sent in this round; wait for `drained`. */
  bytes(piece: Uint8Array): boolean {
    const socket = this.#socket;
    // Until its 'close' nobody else knows: an endless stream must not go on meanwhile, microtask after microtask.
    if (socket.destroyed) return false;
    this.#makeDue();
    if (piece.length <= COPIED_BYTES) return this.#copy(piece);
    if (!this.#isCorked) socket.cork();
    this.#isCorked = true;
    this.#flush();
    return socket.write(piece);
  }

  /** Whether something waits for the peer to take it. */
  get isWaiting(): boolean {
    return this.#waiting > 0 || this.#socket.writableLength > 0;
  }

  /** Resolves when the peer has taken what was written, or the connection is closed; not within the round in which it was written. */
  drained(): Promise<void> {
    const { destroyed, writableNeedDrain } = this.#socket;
    if (!destroyed && !writableNeedDrain && !this.#isDue) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Whoever waits for `drained` need wait no longer. */
  release(): void {
    if (this.#waiters.length > 0) for (const resolve of this.#waiters.splice(0)) resolve();
  }

  /** Hands what was written to the kernel, as far as it takes it. */
  push(): void {
    this.#flush();
    this.#isDue = false;
    if (this.#isCorked) {
      this.#isCorked = false;
      this.#socket.uncork();
    }
    if (!this.#socket.writableNeedDrain && !this.#socket.destroyed) this.release();
  }

  /** Ends our side after what was written; `then` is called when it has left. */
  end(then: () => void = () => {}): void {
    this.push();
    this.#socket.end(then);
  }

  #copy(piece: Uint8Array): boolean {
    const isFull = this.#gathered?.hasRoom(this.#text.length + piece.length) === false;
    if (isFull) this.#flush();
    this.#gathered ??= Gathered.take();
    if (this.#gathered.hasRoom(this.#text.length + piece.length)) this.#gatherText(this.#gathered);
    else this.#writeText();
    this.#gathered.add(piece);
    return !isFull;
  }

  #flush(): void {
    const gathered = this.#gathered;
    this.#gathered = null;
    if (gathered === null) return this.#writeText();
    if (this.#socket.destroyed) return;
    if (gathered.hasRoom(this.#text.length)) this.#gatherText(gathered);
    gathered.writeTo(this.#socket);
    this.#writeText();
  }

  #gatherText(gathered: Gathered): void {
    gathered.addText(this.#text);
    this.#text = '';
  }

  #writeText(): void {
    const text = this.#text;
    if (text === '') return;
    this.#text = '';
    this.#sendText(text);
  }

  /**
   * Where nothing waits, past the queue of the stream and the tick that it spends on each write: the kernel mostly takes an answer at once.
   * What it does not take at once waits in the handle, in front of all that is written later.
   */
  #sendText(text: string): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    if (!this.#isDirect || this.#waiting > 0 || this.#isCorked || socket.writableLength > 0 || socket.writableEnded) {
      socket.write(text, 'latin1');
      return;
    }
    this.#waiting += 1;
    socket._write(text, 'latin1', this.#sent);
  }

  /** Until the end of the round: pieces of a stream come one microtask after the other. */
  #makeDue(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => this.push());
  }
}
