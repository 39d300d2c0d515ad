import type { IncomingMessage } from 'node:http';
import { blankSituation, type Situation } from '../../../http/deadlines.ts';
import type { InFlight } from '../../../http/in-flight.ts';
import type { HttpLimits } from '../../../http/limits.ts';
import { UNWANTED_BODY_BYTES } from '../../../http/persistence.ts';
import { bytesTaken } from '../../../http/progress.ts';
import { isWanted } from './body.ts';
import { type Connection, isIdle } from './connections.ts';

/** How long a body that nobody reads is read and thrown away, so that the connection can be used again. */
const UNWANTED_BODY_MS = 3_000;
/** Sixteen digits and two line ends. */
const CHUNK_FRAME_BYTES = 20;
const MOST_EXTENSION_BYTES = 16_384;
/** The line end of the request line, and the empty line. */
const LINE_ENDS_BYTES = 4;

const CLOSE = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i;

/** Whether an answer has to be the last of its connection, apart from a drain. */
export function mustClose(request: IncomingMessage, limits: HttpLimits): boolean {
  if (limits.keepAliveMs === 0) return true;
  // llhttp takes `keep-alive, close` for keep-alive.
  if (request.httpVersionMinor === 0 && CLOSE.test(request.headers.connection ?? '')) return true;
  if (request.complete || request.readableFlowing !== null) return false;
  // Nobody knows how long chunks go on.
  if (request.headers['transfer-encoding'] !== undefined) return true;
  return Number(request.headers['content-length']) > UNWANTED_BODY_BYTES;
}

const situation = blankSituation();

/** What the coarse timer finds a connection doing: good until it looks at the next one. `drainIdleMs`: how long it may idle in a drain, `null` where there is none. */
export function situationOf(connection: Connection, drainIdleMs: number | null): Situation {
  const { socket } = connection;
  const reading = bodyUnderWay(connection);
  situation.phase = phaseOf(connection);
  situation.requests = connection.answers;
  situation.bodyBytes = reading !== null && isWanted(reading) ? socket.bytesRead : null;
  situation.takenBytes = socket.writableLength > 0 ? bytesTaken(socket) : null;
  situation.drainIdleMs = drainIdleMs;
  return situation;
}

/** What the application has to answer, if anything. Frameworks change `url` for what they mount, and keep what came beside it. */
export function inFlightOf({ exchange, patience, answers }: Connection): InFlight | null {
  if (exchange === null) return null;
  const { request } = exchange;
  const { method = '', url = '' } = request;
  const target = 'originalUrl' in request && typeof request.originalUrl === 'string' ? request.originalUrl : url;
  return { method, target, sinceMs: patience.busySinceMs(answers) };
}

function bodyUnderWay({ exchange, waiting }: Connection): IncomingMessage | null {
  return exchange === null || exchange.request.complete || waiting.length > 0 ? null : exchange.request;
}

function phaseOf(connection: Connection): Situation['phase'] {
  if (connection.state === 'upgraded' || connection.state === 'lingering') return connection.state;
  if (connection.exchange !== null || connection.waiting.length > 0) return 'busy';
  if (connection.leftover === null && !isIdle(connection)) return 'head';
  return connection.answers === 0 ? 'fresh' : 'idle';
}

/** Whether the rest of a body that was answered before it had come takes too much, or too long. An application that reads it may. */
export function isUnwanted({ leftover, socket }: Connection, nowMs: number): boolean {
  if (leftover === null) return false;
  const { request } = leftover;
  if (request.listenerCount('data') > 0 || request.listenerCount('readable') > 0) return false;
  if (leftover.sinceMs === 0) leftover.sinceMs = nowMs;
  return socket.bytesRead - leftover.fromBytes > UNWANTED_BODY_BYTES || nowMs - leftover.sinceMs >= UNWANTED_BODY_MS;
}

/** Whether a head that has not come to its end is longer than any may be. The parser does not count white space and empty lines. */
export function isEndlessHead({ socket, bytesReadWhenIdle }: Connection, limits: HttpLimits): boolean {
  return socket.bytesRead - bytesReadWhenIdle > limits.maxRequestLineBytes + limits.maxHeadBytes + LINE_ENDS_BYTES;
}

/** Whether chunks have more around them than any may have: the parser bounds neither leading zeros nor extensions in total. */
export function isEndlessFraming(connection: Connection, limits: HttpLimits): boolean {
  const { chunks, socket } = connection;
  if (chunks === null || bodyUnderWay(connection) === null) return false;
  const framingBytes = socket.bytesRead - chunks.fromBytes - chunks.bytes;
  return framingBytes > chunks.pieces * CHUNK_FRAME_BYTES + MOST_EXTENSION_BYTES + limits.maxHeadBytes;
}
