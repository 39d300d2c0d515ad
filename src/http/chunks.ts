import { FIELD_LINE } from './grammar.ts';
import type { HttpLimits } from './limits.ts';
import { type Refusal, refusal } from './refusal.ts';

/** All that stands beside the data of a chunked body: extensions, whose meaning nobody needs (RFC 9112, section 7.1.1). */
const MOST_EXTENSION_BYTES = 16_384;
const PLAIN_SIZE = /^[0-9A-Fa-f]{1,16}\r\n$/;
const SIZE_WITH_EXTENSIONS =
  /^([0-9A-Fa-f]{1,16})((?:;[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:[ \t]*=[ \t]*(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+|"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"))?)+)\r\n$/;

/** What a trailer may not say, since it would change how the message is framed, routed, authenticated or read (RFC 9110, section 6.5.1). */
const FORBIDDEN_TRAILERS: ReadonlySet<string> = new Set([
  ...['transfer-encoding', 'content-length', 'content-encoding', 'content-type', 'content-range', 'host', 'connection'],
  ...['upgrade', 'te', 'trailer', 'expect', 'max-forwards', 'authorization', 'proxy-authorization', 'cookie'],
]);

/** Where the decoder stands after a call. */
export type ChunkProgress = { readonly at: number; readonly state: 'more' | 'done' } | Refusal;

/** Decodes one chunked body, whatever the pieces in which it comes. */
export interface ChunkDecoder {
  /** Reads `bytes` from `at` to `end`; `onData` is told where data lies. `done` says where the next message begins. */
  read(bytes: Buffer, at: number, end: number, onData: (from: number, to: number) => void): ChunkProgress;
}

/** Trailers are checked and dropped: they are never merged into the fields. */
export function createChunkDecoder(limits: HttpLimits): ChunkDecoder {
  let phase: 'size' | 'data' | 'dataEnd' | 'trailers' = 'size';
  let missing = 0;
  /** The beginning of a line whose end has not come yet. */
  let tail = '';
  let extensionBytes = 0;
  let trailerBytes = 0;
  let trailers = 0;

  /** The text of the line that ends in `bytes`, with its line feed, or `null`: its beginning is kept. */
  function takeLine(bytes: Buffer, at: number, end: number): string | null {
    const feed = bytes.subarray(at, end).indexOf(0x0a);
    const text = bytes.toString('latin1', at, feed === -1 ? end : at + feed + 1);
    if (feed === -1) {
      tail += text;
      return null;
    }
    const line = tail + text;
    tail = '';
    return line;
  }

  function takeSize(line: string): Refusal | null {
    let digits = line;
    if (!PLAIN_SIZE.test(line)) {
      const match = SIZE_WITH_EXTENSIONS.exec(line);
      if (match === null) return refusal(400, 'malformed chunk size');
      digits = match[1] ?? '';
      extensionBytes += (match[2] ?? '').length;
      if (extensionBytes > MOST_EXTENSION_BYTES) return refusal(400, 'chunk extensions too long');
    }
    missing = Number.parseInt(digits, 16);
    if (!Number.isSafeInteger(missing)) return refusal(400, 'chunk too large');
    phase = missing === 0 ? 'trailers' : 'data';
    return null;
  }

  function takeTrailer(line: string): Refusal | 'end' | null {
    if (line === '\r\n') return 'end';
    trailerBytes += line.length;
    trailers += 1;
    if (line.length - 2 > limits.maxFieldBytes || trailerBytes > limits.maxHeadBytes || trailers > limits.maxFields) {
      return refusal(431, 'trailers too large');
    }
    FIELD_LINE.lastIndex = 0;
    const name = FIELD_LINE.exec(line)?.[1]?.toLowerCase();
    if (name === undefined) return refusal(400, 'malformed trailer');
    return FORBIDDEN_TRAILERS.has(name) ? refusal(400, 'trailer that may not be one') : null;
  }

  function tailFault(): Refusal | null {
    if (phase === 'trailers') {
      const tooLong = tail.length > limits.maxFieldBytes + 1 || trailerBytes + tail.length > limits.maxHeadBytes;
      return tooLong ? refusal(431, 'trailers too large') : null;
    }
    if (tail.length > 16 && !tail.includes(';')) return tail.length > 17 ? refusal(400, 'malformed chunk size') : null;
    return extensionBytes + tail.length > MOST_EXTENSION_BYTES + 18 ? refusal(400, 'chunk extensions too long') : null;
  }

  function takeDataEnd(bytes: Buffer, at: number): boolean {
    const expected = missing === 0 ? 0x0d : 0x0a;
    missing += 1;
    return bytes[at] === expected;
  }

  return {
    read(bytes, start, end, onData) {
      let at = start;
      while (at < end) {
        if (phase === 'data') {
          const to = Math.min(end, at + missing);
          onData(at, to);
          missing -= to - at;
          at = to;
          if (missing === 0) phase = 'dataEnd';
        } else if (phase === 'dataEnd') {
          if (!takeDataEnd(bytes, at)) return refusal(400, 'no line end after a chunk');
          at += 1;
          if (missing === 2) phase = 'size';
        } else {
          const before = tail.length;
          const line = takeLine(bytes, at, end);
          if (line === null) return tailFault() ?? { at: end, state: 'more' };
          at += line.length - before;
          const verdict = phase === 'size' ? takeSize(line) : takeTrailer(line);
          if (verdict === 'end') return { at, state: 'done' };
          if (verdict !== null) return verdict;
        }
      }
      return { at, state: 'more' };
    },
  };
}
