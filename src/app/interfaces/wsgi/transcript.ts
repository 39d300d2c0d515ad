import { StringDecoder } from 'node:string_decoder';

/** What somebody writes, as lines while it comes and as its last words when it is over. */
export interface Transcript {
  /** Takes the next bytes; they are not kept. */
  take(bytes: Buffer): void;
  /** Gives the last line even without an end. Nothing may be taken after it. */
  end(): void;
  /** The end of all that was written, without a line cut in two; empty if there was nothing. */
  lastWords(): string;
}

/** A longer line is given in pieces of this many characters. */
export const LONGEST_LINE = 8 * 1024;
/** Enough for the tracebacks of many threads. */
export const LAST_WORDS_BYTES = 32 * 1024;

/** @param onLine gets each line without its end; empty ones too. */
export function createTranscript(onLine: (line: string) => void): Transcript {
  const decoder = new StringDecoder('utf8');
  let partial = '';
  let tail: Buffer = Buffer.alloc(0);
  let isCut = false;

  const takeText = (text: string) => {
    const [first = '', ...rest] = text.split('\n');
    partial = flushLong(partial + first, onLine);
    for (const next of rest) {
      onLine(partial.endsWith('\r') ? partial.slice(0, -1) : partial);
      partial = flushLong(next, onLine);
    }
  };
  return {
    take(bytes) {
      const whole = Buffer.concat([tail, bytes.subarray(-LAST_WORDS_BYTES)]);
      isCut ||= tail.length + bytes.length > LAST_WORDS_BYTES;
      tail = whole.subarray(-LAST_WORDS_BYTES);
      takeText(decoder.write(bytes));
    },
    end() {
      takeText(decoder.end());
      if (partial !== '') onLine(partial);
      partial = '';
    },
    lastWords() {
      const text = tail.toString('utf8');
      const lineEnd = isCut ? text.indexOf('\n') : -1;
      return text.slice(lineEnd + 1).trim();
    },
  };
}

function flushLong(text: string, onLine: (line: string) => void): string {
  let rest = text;
  while (rest.length > LONGEST_LINE) {
    onLine(rest.slice(0, LONGEST_LINE));
    rest = rest.slice(LONGEST_LINE);
  }
  return rest;
}
