import { SMALL_BYTES } from '../../../http/pieces.ts';
import type { RequestBody } from '../../../http/request-body.ts';
import type { BodyShare } from './body-memory.ts';

/**
 * What of a body is read before a Python process gets the request: a client that sends slowly holds none meanwhile. Larger bodies go on as
 * they come, so that none has to fit into the memory.
 */
const MOST_BYTES = 768 * 1024;

/** The beginning of a body, and the rest where there is more. */
export interface Gathered {
  readonly body: Uint8Array | null;
  readonly rest: RequestBody | null;
}

/**
 * Reads a body, or so much of it as there is memory for. When that is short, nothing waits for it, since those that hold it may wait for
 * their clients: what has not come goes on as it comes, and until then the connection is not read on.
 *
 * Rejects as `RequestBody.next` does.
 */
export async function gather(body: RequestBody, share: BodyShare): Promise<Gathered> {
  let whole: Uint8Array | null = null;
  let bytes = 0;
  while (bytes < MOST_BYTES) {
    // What has come to its end lies in the memory already, and is little.
    if (share.isShort && !body.isSettled) break;
    const piece = await body.next(SMALL_BYTES);
    if (piece === null) return { body: upTo(whole, bytes), rest: null };
    whole = whole === null ? piece : append(whole, bytes, { piece, length: body.length });
    bytes += piece.length;
    share.take(whole.length);
    if (bytes === body.length) return { body: upTo(whole, bytes), rest: null };
  }
  return { body: upTo(whole, bytes), rest: body };
}

/** Puts a piece behind the first bytes of a buffer that grows, to `length` at most where that is known. */
function append(whole: Uint8Array, bytes: number, more: { piece: Uint8Array; length: number | null }): Uint8Array {
  const { piece, length } = more;
  const needed = bytes + piece.length;
  let into = whole;
  // The first piece may be a part of somebody's buffer: it is copied, too.
  if (needed > whole.length) {
    const size = Math.min(2 * whole.length, length ?? MOST_BYTES, MOST_BYTES);
    into = Buffer.allocUnsafeSlow(Math.max(needed, size));
    into.set(whole.subarray(0, bytes));
  }
  into.set(piece, bytes);
  return into;
}

function upTo(whole: Uint8Array | null, bytes: number): Uint8Array | null {
  return whole === null || whole.length === bytes ? whole : whole.subarray(0, bytes);
}
