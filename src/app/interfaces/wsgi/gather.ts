import type { RequestBody } from '../../../http/request-body.ts';

/**
 * What of a body is read before a Python process gets the request: a client that sends slowly holds none meanwhile. Larger bodies go on as
 * they come, so that none has to fit into the memory.
 */
const MOST_BYTES = 768 * 1024;
/** What all bodies may take that are gathered at a time; beyond it they go on as they come, from their first piece. */
const MOST_BYTES_TOGETHER = 64 * 1024 * 1024;

const LEAST_ROOM_BYTES = 4 * 1024;

let gatheredBytes = 0;

/** The beginning of a body, and the rest where there is more. */
export interface Gathered {
  readonly body: Uint8Array | null;
  readonly rest: RequestBody | null;
}

/** Rejects as `RequestBody.next` does. */
export async function gather(body: RequestBody): Promise<Gathered> {
  let whole: Uint8Array | null = null;
  let bytes = 0;
  try {
    for (;;) {
      const piece = await body.next();
      if (piece === null) return { body: upTo(whole, bytes), rest: null };
      whole = whole === null ? piece : append(whole, bytes, piece);
      bytes += piece.length;
      gatheredBytes += piece.length;
      if (bytes === body.length) return { body: upTo(whole, bytes), rest: null };
      if (bytes >= MOST_BYTES || gatheredBytes > MOST_BYTES_TOGETHER) return { body: upTo(whole, bytes), rest: body };
    }
  } finally {
    gatheredBytes -= bytes;
  }
}

/** Puts a piece behind the first bytes of a buffer that grows: as a list, pieces of one byte would take a hundred times their size. */
function append(whole: Uint8Array, bytes: number, piece: Uint8Array): Uint8Array {
  const needed = bytes + piece.length;
  let into = whole;
  // The first piece may be a part of somebody's buffer: it is copied, too.
  if (needed > whole.length) {
    into = Buffer.allocUnsafeSlow(Math.max(needed, 2 * whole.length, LEAST_ROOM_BYTES));
    into.set(whole.subarray(0, bytes));
  }
  into.set(piece, bytes);
  return into;
}

function upTo(whole: Uint8Array | null, bytes: number): Uint8Array | null {
  return whole === null || whole.length === bytes ? whole : whole.subarray(0, bytes);
}
