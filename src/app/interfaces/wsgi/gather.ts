import type { RequestBody } from '../../../http/request-body.ts';

/**
 * What of a body is read before a Python process gets the request: a client that sends slowly holds none meanwhile. Larger bodies go on as
 * they come, so that none has to fit into the memory.
 */
const MOST_BYTES = 768 * 1024;
/** What all bodies may take that are gathered at a time; beyond it they go on as they come, from their first piece. */
const MOST_BYTES_TOGETHER = 64 * 1024 * 1024;

let gatheredBytes = 0;

/** The beginning of a body, and the rest where there is more. */
export interface Gathered {
  readonly body: Uint8Array | null;
  readonly rest: RequestBody | null;
}

/** Rejects as `RequestBody.next` does. */
export async function gather(body: RequestBody): Promise<Gathered> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const piece = await body.next();
      if (piece === null) return { body: joined(pieces, bytes), rest: null };
      pieces.push(piece);
      bytes += piece.length;
      gatheredBytes += piece.length;
      if (bytes === body.length) return { body: joined(pieces, bytes), rest: null };
      if (bytes >= MOST_BYTES || gatheredBytes > MOST_BYTES_TOGETHER)
        return { body: joined(pieces, bytes), rest: body };
    }
  } finally {
    gatheredBytes -= bytes;
  }
}

function joined(pieces: readonly Uint8Array[], bytes: number): Uint8Array | null {
  const [first = null] = pieces;
  return pieces.length < 2 ? first : Buffer.concat(pieces, bytes);
}
