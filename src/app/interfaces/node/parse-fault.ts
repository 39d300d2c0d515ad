import { errnoOf } from '../../../errors.ts';
import { type Refusal, refusal } from '../../../http/refusal.ts';
import type { Connection } from './connections.ts';

const malformed = refusal(400, 'malformed request');
const lineTooLong = refusal(414, 'request line too long');
const headTooLong = refusal(431, 'header fields too long together');
const otherVersion = refusal(505, 'another version of HTTP');
const extensionsTooLong = refusal(400, 'chunk extensions too long');

/** Where llhttp was when it gave up. */
export interface ParseFault {
  /** `HPE_…` */
  readonly code: string;
  /** llhttp's own sentence. */
  readonly message: string;
  /** The bytes it was reading, as latin1; a request may have begun in bytes before. */
  readonly text: string;
  /** How many of them it had read. */
  readonly readBytes: number;
  /** Whether `text` begins with the request. */
  readonly isStart: boolean;
}

/** What is answered for an error of the parser. Where only the bytes before could tell, it is the less exact status. */
export function refusalOf(fault: ParseFault): Refusal {
  switch (fault.code) {
    case 'HPE_HEADER_OVERFLOW':
      return isWithinFirstLine(fault) ? lineTooLong : headTooLong;
    case 'HPE_INVALID_VERSION':
    case 'HPE_PAUSED_H2_UPGRADE':
      // It says so where both numbers are digits, and something else where they are not.
      return fault.message.endsWith('Invalid HTTP version') ? otherVersion : malformed;
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return extensionsTooLong;
    default:
      return malformed;
  }
}

function isWithinFirstLine({ text, readBytes, isStart }: ParseFault): boolean {
  const read = text.slice(0, readBytes);
  return isStart ? !read.includes('\n') : !/[\n ]/.test(read);
}

/**
 * What a `clientError` is: a refusal of what the parser could not read; `socket`: nothing can be sent; `closed`: bytes behind a request
 * that closes the connection, which are nobody's.
 */
export function faultOf(error: Error, { socket, bytesReadWhenIdle }: Connection): Refusal | 'socket' | 'closed' {
  const code = errnoOf(error) ?? '';
  if (code === 'HPE_CLOSED_CONNECTION') return 'closed';
  if (!code.startsWith('HPE_')) return 'socket';
  const packet: unknown = Reflect.get(error, 'rawPacket');
  const readBytes: unknown = Reflect.get(error, 'bytesParsed');
  const text = packet instanceof Uint8Array ? Buffer.from(packet).toString('latin1') : '';
  return refusalOf({
    ...{ code, message: error.message, text },
    readBytes: typeof readBytes === 'number' ? readBytes : text.length,
    isStart: text !== '' && socket.bytesRead - text.length === bytesReadWhenIdle,
  });
}
