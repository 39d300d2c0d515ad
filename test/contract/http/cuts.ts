import { unreachable } from '../../../src/errors.ts';
import type { HttpCase } from './case.ts';

/** How the bytes of a case are cut into writes. */
export type Cut =
  | { readonly kind: 'whole' }
  | { readonly kind: 'byte by byte' }
  /** Two writes; the offset counts within the first part of the case that is long enough. */
  | { readonly kind: 'split'; readonly at: number };

/** One write. */
export interface Piece {
  readonly bytes: Buffer;
  /** What was written before must have been read when this is sent. */
  readonly isReadFirst: boolean;
}

/** Texts up to this length are split everywhere. */
const SPLIT_ALL_BYTES = 120;
const LAST_BYTES = 60;
/** The middle of a longer text is one write: it is data. */
const MOST_SINGLE_BYTES = 100_000;
/** Of a long text, this many line ends have their surroundings split. */
const LINE_ENDS = 12;

/** The writes of a text (latin1). */
export function cutUp(text: string, cut: Cut): readonly Piece[] {
  const bytes = Buffer.from(text, 'latin1');
  switch (cut.kind) {
    case 'whole':
      return [{ bytes, isReadFirst: false }];
    case 'byte by byte':
      return singleBytes(bytes, text);
    case 'split':
      if (cut.at >= bytes.length) return [{ bytes, isReadFirst: false }];
      return [
        { bytes: bytes.subarray(0, cut.at), isReadFirst: false },
        { bytes: bytes.subarray(cut.at), isReadFirst: true },
      ];
    default:
      return unreachable(cut);
  }
}

function singleBytes(bytes: Buffer, text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < bytes.length; ) {
    const isMiddle = bytes.length > MOST_SINGLE_BYTES && at > SPLIT_ALL_BYTES && at < bytes.length - LAST_BYTES;
    const to = isMiddle ? bytes.length - LAST_BYTES : at + 1;
    pieces.push({ bytes: bytes.subarray(at, to), isReadFirst: at > 0 && isTelling(text, at) });
    at = to;
  }
  return pieces;
}

/** In the middle of a long line one more byte tells nothing new: to wait there for the server would take minutes. */
function isTelling(text: string, at: number): boolean {
  if (at < SPLIT_ALL_BYTES || at >= text.length - LAST_BYTES) return true;
  return text.slice(at - 2, at + 2).includes('\n') || text.slice(at - 2, at + 2).includes('\r');
}

/**
 * Every offset of a short text; of a long one those at the start, at the end, and around some line ends. A member of a family is split where
 * it differs.
 */
export function splitOffsets({ send, splitBetween }: HttpCase): readonly number[] {
  const [first, last] = splitBetween ?? [0, Number.POSITIVE_INFINITY];
  return offsetsOf([send].flat()).filter((at) => at >= first && at <= last);
}

function offsetsOf(texts: readonly string[]): readonly number[] {
  const longest = texts.reduce((longer, text) => (text.length > longer.length ? text : longer), '');
  const { length } = longest;
  const offsets = new Set<number>();
  for (let at = 1; at < length; at += 1) {
    if (at < SPLIT_ALL_BYTES || at >= length - LAST_BYTES) offsets.add(at);
  }
  const lineEnds = [...longest.matchAll(/\r\n/g)].map((match) => match.index).filter((at) => !offsets.has(at));
  const every = Math.ceil(lineEnds.length / LINE_ENDS);
  for (const [index, at] of lineEnds.entries()) {
    if (index % every === 0) for (const near of [at, at + 1, at + 2]) offsets.add(near);
  }
  return [...offsets];
}
