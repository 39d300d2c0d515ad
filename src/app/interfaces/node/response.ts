import type { ServerResponse } from 'node:http';
import { FIELD_VALUE, TOKEN } from '../../../http/grammar.ts';
import { dropOurs, isFields, judgeFields } from './response-fields.ts';

/** Bytes that the application announced and has not written yet. */
const left = Symbol('left');
/** The application took `Server` off. */
const isNameless = Symbol('isNameless');

interface GuardedResponse extends ServerResponse {
  [left]?: number;
  [isNameless]?: true;
}

type Method = (this: ServerResponse, ...args: unknown[]) => unknown;

export interface ResponseRules {
  /** `null`: none. */
  readonly serverHeader: string | null;
  /** Whether this answer has to be the last of its connection; asked when its head is written. */
  mustClose(response: ServerResponse): boolean;
  /** The application wrote more than it announced, or less. */
  wrongLength(response: ServerResponse, why: string): void;
}

/**
 * Makes right what a response sends, whatever the application does: `Server`, fields of the connection, and as many bytes as it announced.
 * The methods are set on the response itself, since Express gives it another prototype; they are the same functions for all of them.
 *
 * `setHeader('Server', …)` beforehand would do harm: on Node 20 `writeHead` keeps only the last of several `Set-Cookie` of a flat list once any
 * field is set.
 */
export function createResponseGuard(rules: ResponseRules): (response: ServerResponse) => void {
  const { serverHeader } = rules;

  function writeHead(this: GuardedResponse, status: number, second?: unknown, third?: unknown): ServerResponse {
    const base: Method = Object.getPrototypeOf(this).writeHead;
    if (rules.mustClose(this)) this.shouldKeepAlive = false;
    dropOurs(this, status);
    const server = this[isNameless] === true ? null : serverHeader;
    const given = third ?? second;
    if (isFields(given)) {
      const { fields, contentLength } = judgeFields(this, { given, status, server });
      base.call(this, status, typeof second === 'string' ? second : undefined, fields);
      expectBytes(this, contentLength);
    } else {
      if (server !== null && !this.hasHeader('server')) this.setHeader('Server', server);
      base.call(this, status, second);
      expectBytes(this, this.getHeader('content-length'));
    }
    return this;
  }

  function write(this: GuardedResponse, chunk: unknown, second?: unknown, third?: unknown): unknown {
    const base: Method = Object.getPrototypeOf(this).write;
    const piece = isCounted(this) ? fit(this, chunk, second) : chunk;
    return base.call(this, piece, second, third);
  }

  function end(this: GuardedResponse, chunk?: unknown, second?: unknown, third?: unknown): unknown {
    const base: Method = Object.getPrototypeOf(this).end;
    if (!isCounted(this) || this.writableEnded) return base.call(this, chunk, second, third);
    const piece = fit(this, chunk, second);
    if (this[left] !== undefined && this[left] > 0) {
      rules.wrongLength(this, 'the answer is shorter than its Content-Length');
      // Only the end of the connection tells the client that it waits in vain.
      const { socket } = this.req;
      this.once('finish', () => socket.destroySoon());
    }
    return base.call(this, piece, second, third);
  }

  /** As much of a piece as was announced. */
  function fit(response: GuardedResponse, chunk: unknown, encoding: unknown): unknown {
    const space = response[left];
    if (space === undefined || (typeof chunk !== 'string' && !(chunk instanceof Uint8Array))) return chunk;
    const bytes = typeof chunk === 'string' ? Buffer.byteLength(chunk, encodingOf(encoding)) : chunk.byteLength;
    response[left] = Math.max(0, space - bytes);
    if (bytes <= space) return chunk;
    rules.wrongLength(response, 'the answer is longer than its Content-Length');
    const whole = typeof chunk === 'string' ? Buffer.from(chunk, encodingOf(encoding)) : chunk;
    return whole.subarray(0, space);
  }

  return (response) => {
    Reflect.set(response, 'writeHead', writeHead);
    Reflect.set(response, 'write', write);
    Reflect.set(response, 'end', end);
    Reflect.set(response, 'removeHeader', removeHeader);
    Reflect.set(response, 'writeEarlyHints', writeEarlyHints);
  };
}

/** Whether its bytes were announced. Of a head that Node would write on its own only now, it is known once it is written. */
function isCounted(response: GuardedResponse): boolean {
  if (response.headersSent) return response[left] !== undefined;
  if (!response.hasHeader('content-length') || response.destroyed) return false;
  response.writeHead(response.statusCode);
  return response[left] !== undefined;
}

function expectBytes(response: GuardedResponse, contentLength: unknown): void {
  if (contentLength === undefined) return;
  const { statusCode, req } = response;
  if (req.method === 'HEAD' || statusCode === 204 || statusCode === 304 || statusCode < 200) return;
  const bytes = Number(contentLength);
  if (Number.isSafeInteger(bytes)) response[left] = bytes;
}

function encodingOf(encoding: unknown): BufferEncoding {
  return typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8';
}

function removeHeader(this: GuardedResponse, name: string): void {
  const base: Method = Object.getPrototypeOf(this).removeHeader;
  if (String(name).toLowerCase() === 'server') this[isNameless] = true;
  base.call(this, name);
}

/** Node 20 and 22 write what they are given as it is: a line end in a hint would be a field, or an answer, of somebody else's making. */
function writeEarlyHints(this: ServerResponse, hints: unknown, ...rest: unknown[]): unknown {
  const base: Method = Object.getPrototypeOf(this).writeEarlyHints;
  if (typeof hints === 'object' && hints !== null) {
    for (const [name, value] of Object.entries(hints)) {
      if (TOKEN.test(name) && [value].flat().every((each) => FIELD_VALUE.test(String(each)))) continue;
      const message = `Invalid character in early hint ${JSON.stringify(name)}`;
      throw Object.assign(new TypeError(message), { code: 'ERR_INVALID_CHAR' });
    }
  }
  return base.call(this, hints, ...rest);
}
