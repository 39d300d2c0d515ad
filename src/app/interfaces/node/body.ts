import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpLimits } from '../../../http/limits.ts';
import { type Refusal, refusal } from '../../../http/refusal.ts';

const bodyTooLarge = refusal(413, 'body too large');
const forbiddenTrailer = refusal(400, 'forbidden trailer');
const tooManyTrailers = refusal(431, 'too many trailers');
const trailersTooLong = refusal(431, 'trailers too long');

/** Framing, routing, authentication, what a server acts on, what describes the content (RFC 9110, section 6.5.1). */
const FORBIDDEN_TRAILERS: ReadonlySet<string> = new Set([
  ...['transfer-encoding', 'content-length', 'host', 'trailer', 'te', 'connection', 'keep-alive', 'upgrade'],
  ...['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'expect', 'max-forwards', 'cache-control'],
  ...['range', 'content-encoding', 'content-type', 'content-range'],
]);

/** What came of a chunked body. */
export interface ChunkCount {
  /** What `socket.bytesRead` was, or will have been, at the end of the head. */
  readonly fromBytes: number;
  /** At least as many as chunks. */
  readonly pieces: number;
  /** Without the framing. */
  readonly bytes: number;
}

/**
 * Watches the body of a chunked request, whose length nobody knows before: what is too long, and trailers that must not be, never reach
 * the application, and its read does not come to an end. `push` is where the parser puts pieces in, and `null` at the end.
 */
export function watchChunkedBody(
  request: IncomingMessage,
  { limits, fromBytes, onFault }: { limits: HttpLimits; fromBytes: number; onFault: (why: Refusal) => void },
): ChunkCount {
  const { push } = request;
  const maxBytes = limits.maxBodyBytes ?? Number.POSITIVE_INFINITY;
  const count = { fromBytes, pieces: 0, bytes: 0 };
  let hasFailed = false;
  request.push = (piece: unknown, encoding?: BufferEncoding) => {
    if (hasFailed) return true;
    count.pieces += 1;
    if (piece instanceof Uint8Array) count.bytes += piece.byteLength;
    const fault =
      count.bytes > maxBytes ? bodyTooLarge : piece === null ? trailerFault(request.rawTrailers, limits) : null;
    if (fault === null) return push.call(request, piece, encoding);
    hasFailed = true;
    onFault(fault);
    return true;
  };
  return count;
}

/** How long a head is at least, with its line ends. */
export function headBytesOf({ method = '', url = '', rawHeaders }: IncomingMessage): number {
  const lineEnds = rawHeaders.length + 2 + 2;
  return rawHeaders.reduce((bytes, text) => bytes + text.length, method.length + url.length + 10 + lineEnds);
}

function trailerFault(trailers: readonly string[], limits: HttpLimits): Refusal | null {
  if (trailers.length > 2 * limits.maxFields) return tooManyTrailers;
  let bytes = 0;
  for (let index = 0; index < trailers.length; index += 2) {
    const name = trailers[index] ?? '';
    const fieldBytes = name.length + (trailers[index + 1] ?? '').length + 1;
    bytes += fieldBytes + 2;
    if (fieldBytes > limits.maxFieldBytes || bytes > limits.maxHeadBytes) return trailersTooLong;
    if (FORBIDDEN_TRAILERS.has(name.toLowerCase())) return forbiddenTrailer;
  }
  return null;
}

/**
 * Sends `100 Continue` when the application begins to read, and not before: `_read` is what a stream calls then (RFC 9110, section 10.1.1:
 * whoever will not read answers at once).
 */
export function continueWhenRead(request: IncomingMessage, response: ServerResponse): void {
  const { _read } = request;
  request._read = (size) => {
    request._read = _read;
    if (!response.headersSent && !response.destroyed) response.writeContinue();
    _read.call(request, size);
  };
}

/**
 * Lets a read of the application fail as it fails when a client leaves, while the connection still has an answer to deliver:
 * `request.destroy()` alone would take the socket along.
 */
export function failRead(request: IncomingMessage): void {
  if (request.destroyed) return;
  const error: NodeJS.ErrnoException = Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
  request._destroy = (cause, done) => {
    request.aborted = true;
    request.emit('aborted');
    // As node:http does it: an error that nobody listens for is none.
    done(request.listenerCount('error') === 0 ? null : cause);
  };
  request.destroy(error);
}

/** Whether an application reads a body and has nothing left to read: only then is silence the client's. */
export function isWanted(request: IncomingMessage): boolean {
  if (request.readableFlowing === true) return !request.socket.isPaused();
  return request.listenerCount('readable') > 0 && request.readableLength === 0 && !request.socket.isPaused();
}
