import { FIELD_LINE, hasBareReturn } from './grammar.ts';
import type { HttpLimits } from './limits.ts';
import { bareReturn, type Refusal, refusal } from './refusal.ts';
import { mostFieldBytes } from './request-head.ts';

/** All that stands beside the data of a chunked body: extensions, whose meaning nobody needs (RFC 9112, section 7.1.1). */
const MOST_EXTENSION_BYTES = 16_384;
const MOST_DIGITS = 16;
const PLAIN_SIZE = /^[0-9A-Fa-f]{1,16}\r\n$/;
const SIZE_WITH_EXTENSIONS =
  /^([0-9A-Fa-f]{1,16})((?:;[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:[ \t]*=[ \t]*(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+|"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"))?)+)\r\n$/;

/** What a trailer may not say, since it would change how the message is framed, routed, authenticated or read (RFC 9110, section 6.5.1). */
const FORBIDDEN_TRAILERS: ReadonlySet<string> = new Set([
  ...['transfer-encoding', 'content-length', 'content-encoding', 'content-type', 'content-range', 'host', 'connection'],
  ...['upgrade', 'te', 'trailer', 'expect', 'max-forwards', 'authorization', 'proxy-authorization', 'cookie'],
]);

/** Where the decoder stands after a call; `done`: at `at` the next message begins. */
export type ChunkProgress = { readonly at: number; readonly state: 'more' | 'done' } | Refusal;

/** Decodes one chunked body, whatever the pieces in which it comes. Trailers are checked and dropped: they never become fields. */
export class ChunkDecoder {
  readonly #limits: HttpLimits;
  #phase: 'size' | 'data' | 'dataEnd' | 'trailers' = 'size';
  /** Bytes of data to come. */
  #missing = 0;
  /** Bytes of data that were announced. */
  #announced = 0;
  #sawReturn = false;
  /** The beginning of a line whose end has not come yet. */
  #tail = '';
  #extensionBytes = 0;
  #trailerBytes = 0;
  #trailers = 0;

  constructor(limits: HttpLimits) {
    this.#limits = limits;
  }

  /** `onData` is told where data lies. */
  read(
    bytes: Buffer,
    range: { start: number; end: number },
    onData: (from: number, to: number) => void,
  ): ChunkProgress {
    const { start, end } = range;
    let at = start;
    while (at < end) {
      if (this.#phase === 'data') {
        const to = Math.min(end, at + this.#missing);
        onData(at, to);
        this.#missing -= to - at;
        at = to;
        if (this.#missing === 0) this.#phase = 'dataEnd';
      } else if (this.#phase === 'dataEnd') {
        if (bytes[at] !== (this.#sawReturn ? 0x0a : 0x0d)) return refusal(400, 'no line end after a chunk');
        if (this.#sawReturn) this.#phase = 'size';
        this.#sawReturn = !this.#sawReturn;
        at += 1;
      } else {
        const before = this.#tail.length;
        const line = this.#takeLine(bytes, at, end);
        if (line === null) return this.#tailFault() ?? { at: end, state: 'more' };
        at += line.length - before;
        const verdict = this.#phase === 'size' ? this.#takeSize(line) : this.#takeTrailer(line);
        if (verdict === 'end') return { at, state: 'done' };
        if (verdict !== null) return verdict;
      }
    }
    return { at, state: 'more' };
  }

  /** The text of the line that ends in `bytes`, with its line feed, or `null`: its beginning is kept. */
  #takeLine(bytes: Buffer, at: number, end: number): string | null {
    const feed = bytes.indexOf(0x0a, at);
    const isWhole = feed !== -1 && feed < end;
    const text = bytes.toString('latin1', at, isWhole ? feed + 1 : end);
    if (!isWhole) {
      this.#tail += text;
      return null;
    }
    const line = this.#tail + text;
    this.#tail = '';
    return line;
  }

  #takeSize(line: string): Refusal | null {
    let digits = line;
    if (!PLAIN_SIZE.test(line)) {
      const match = SIZE_WITH_EXTENSIONS.exec(line);
      if (match === null) return refusal(400, 'malformed chunk size');
      digits = match[1] ?? '';
      this.#extensionBytes += (match[2] ?? '').length;
      if (this.#extensionBytes > MOST_EXTENSION_BYTES) return refusal(400, 'chunk extensions too long');
    }
    this.#missing = Number.parseInt(digits, 16);
    if (!Number.isSafeInteger(this.#missing)) return refusal(400, 'chunk too large');
    this.#announced += this.#missing;
    const { maxBodyBytes } = this.#limits;
    // Before its data is there: the application sees no byte beyond the limit, and no fault behind it is told instead, however bytes are split.
    if (maxBodyBytes !== null && this.#announced > maxBodyBytes) return refusal(413, 'body too large');
    this.#phase = this.#missing === 0 ? 'trailers' : 'data';
    return null;
  }

  #takeTrailer(line: string): Refusal | 'end' | null {
    if (line === '\r\n') return 'end';
    const { maxFieldBytes, maxHeadBytes, maxFields } = this.#limits;
    if (hasBareReturn(line, mostFieldBytes(this.#limits, this.#trailerBytes))) return bareReturn;
    this.#trailerBytes += line.length;
    this.#trailers += 1;
    if (line.length - 2 > maxFieldBytes || this.#trailerBytes > maxHeadBytes || this.#trailers > maxFields) {
      return refusal(431, 'trailers too large');
    }
    FIELD_LINE.lastIndex = 0;
    const name = FIELD_LINE.exec(line)?.[1]?.toLowerCase();
    if (name === undefined) return refusal(400, 'malformed trailer');
    return FORBIDDEN_TRAILERS.has(name) ? refusal(400, 'trailer that may not be one') : null;
  }

  /** What is wrong with a line already, before its end has come: nobody may send one without end. */
  #tailFault(): Refusal | null {
    const { length } = this.#tail;
    if (this.#phase === 'trailers') {
      const most = mostFieldBytes(this.#limits, this.#trailerBytes);
      if (hasBareReturn(this.#tail, most)) return bareReturn;
      return length > most && this.#tail !== '\r' ? refusal(431, 'trailers too large') : null;
    }
    const most = MOST_EXTENSION_BYTES + MOST_DIGITS + 1;
    if (hasBareReturn(this.#tail, most)) return bareReturn;
    // Digits, and the CR of the line's end.
    if (length > MOST_DIGITS + 1 && !this.#tail.slice(0, MOST_DIGITS + 1).includes(';')) {
      return refusal(400, 'malformed chunk size');
    }
    return this.#extensionBytes + length > most ? refusal(400, 'chunk extensions too long') : null;
  }
}
