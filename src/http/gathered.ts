import type { Writable } from 'node:stream';

const SIZE = 80 * 1024;
/** How many lie ready for the next answers. */
const KEPT = 32;
/** Up to this length a loop is faster than a call into Node. */
const SHORT_TEXT = 24;

const free: Gathered[] = [];

/** Bytes that are written at once, in a buffer that is used again after they have left. */
export class Gathered {
  readonly #buffer = Buffer.allocUnsafeSlow(SIZE);
  #length = 0;
  readonly #written = (): void => {
    this.#length = 0;
    if (free.length < KEPT) free.push(this);
  };

  /** One that is empty; its owner gives it back with {@link writeTo}. */
  static take(): Gathered {
    return free.pop() ?? new Gathered();
  }

  /** Whether so many bytes more find room. */
  hasRoom(bytes: number): boolean {
    return this.#length + bytes <= SIZE;
  }

  /** Text in latin1, for which there is room. */
  addText(text: string): void {
    const { length } = text;
    if (length > SHORT_TEXT) this.#buffer.write(text, this.#length, 'latin1');
    else for (let at = 0; at < length; at += 1) this.#buffer[this.#length + at] = text.charCodeAt(at);
    this.#length += length;
  }

  /** Bytes, for which there is room. */
  add(piece: Uint8Array): void {
    this.#buffer.set(piece, this.#length);
    this.#length += piece.length;
  }

  /** Writes all of it; from then on it is no longer the caller's. */
  writeTo(stream: Writable): void {
    stream.write(this.#buffer.subarray(0, this.#length), this.#written);
  }
}
