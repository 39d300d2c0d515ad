import type { OutgoingHttpHeader, ServerResponse } from 'node:http';
import { FIELD_VALUE, TOKEN } from '../../../http/grammar.ts';
import { dropHeld, eachField, isFields, kindOf, withoutOurs } from './response-fields.ts';

/** The application set a field of the connection. */
const hasOurs = Symbol('hasOurs');
/** It set `Server`, or took it off. */
const hasServer = Symbol('hasServer');
/** Its `Content-Length`. */
const announced = Symbol('announced');
/** Bytes that it announced and has not written yet. */
const left = Symbol('left');

interface GuardedResponse extends ServerResponse {
  [hasOurs]?: true;
  [hasServer]?: true;
  [announced]?: unknown;
  [left]?: number;
  /** Of Node: the head, once it is written out. */
  _header?: string | null;
}

/** A method of the prototype, which Express replaces, and others may have. */
type Base<Result> = (this: ServerResponse, ...args: unknown[]) => Result;

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
 * The methods are set on the response itself, since Express gives it another prototype; they are the same functions for all of them, and
 * what
 * `setHeader` notes saves `writeHead` eight look-ups (0.3 µs of the 14 µs that a 'hello' takes).
 */
export function createResponseGuard(rules: ResponseRules): (response: ServerResponse) => void {
  const server = rules.serverHeader === null ? null : `Server: ${rules.serverHeader}\r\n\r\n`;

  function writeHead(this: GuardedResponse, status: number, second?: unknown, third?: unknown): GuardedResponse {
    const base: Base<void> = Object.getPrototypeOf(this).writeHead;
    if (rules.mustClose(this)) this.shouldKeepAlive = false;
    const given = third ?? second;
    let fields = isFields(given) ? given : undefined;
    if (fields !== undefined) eachField(fields, (name, value) => note(this, name, value));
    if (this[hasOurs] === true) {
      const isSized = this[announced] !== undefined;
      if (fields !== undefined) fields = withoutOurs(this, { given: fields, status, isSized });
      dropHeld(this, status);
    }
    base.call(this, status, typeof second === 'string' ? second : undefined, fields);
    if (server !== null && this[hasServer] !== true) appendToHead(this, server);
    if (this[announced] !== undefined) expectBytes(this);
    return this;
  }

  function write(this: GuardedResponse, chunk: unknown, second?: unknown, third?: unknown): boolean {
    const base: Base<boolean> = Object.getPrototypeOf(this).write;
    const piece = isCounted(this) ? withinLength(this, chunk, second) : chunk;
    return base.call(this, piece, second, third);
  }

  function end(this: GuardedResponse, chunk?: unknown, second?: unknown, third?: unknown): GuardedResponse {
    const base: Base<GuardedResponse> = Object.getPrototypeOf(this).end;
    if (!isCounted(this) || this.writableEnded) return base.call(this, chunk, second, third);
    const piece = withinLength(this, chunk, second);
    if (this[left] !== undefined && this[left] > 0) {
      rules.wrongLength(this, 'the answer is shorter than its Content-Length');
      // Only the end of the connection tells the client that it waits in vain.
      const { socket } = this.req;
      this.once('finish', () => socket.destroySoon());
    }
    return base.call(this, piece, second, third);
  }

  /** As much of a piece as was announced. */
  function withinLength(response: GuardedResponse, chunk: unknown, encoding: unknown): unknown {
    const space = response[left];
    if (space === undefined || (typeof chunk !== 'string' && !(chunk instanceof Uint8Array))) return chunk;
    const bytes = typeof chunk === 'string' ? Buffer.byteLength(chunk, encodingOf(encoding)) : chunk.byteLength;
    response[left] = Math.max(0, space - bytes);
    if (bytes <= space) return chunk;
    rules.wrongLength(response, 'the answer is longer than its Content-Length');
    const whole = typeof chunk === 'string' ? Buffer.from(chunk, encodingOf(encoding)) : chunk;
    return whole.subarray(0, space);
  }

  return (response: GuardedResponse) => {
    response.writeHead = writeHead;
    response.write = write;
    response.end = end;
    response.setHeader = setHeader;
    response.appendHeader = appendHeader;
    response.removeHeader = removeHeader;
    response.writeEarlyHints = writeEarlyHints;
  };
}

/**
 * Adds a line and the end behind the head that Node has written out. `setHeader('Server', …)` would cost twice as much, be seen by the
 * application, and lose fields: on Node 20 `writeHead` keeps only the last `Set-Cookie` of a flat list once any field is set.
 */
function appendToHead(response: GuardedResponse, lineAndEnd: string): void {
  const { _header: head } = response;
  if (typeof head === 'string') response._header = head.slice(0, -2) + lineAndEnd;
}

/** Whether its bytes were announced. Of a head that Node would write on its own only now, it is known once it is written. */
function isCounted(response: GuardedResponse): boolean {
  if (response[announced] === undefined) return false;
  if (!response.headersSent && !response.destroyed) response.writeHead(response.statusCode);
  return response[left] !== undefined;
}

function expectBytes(response: GuardedResponse): void {
  const { statusCode, req } = response;
  if (req.method === 'HEAD' || statusCode === 204 || statusCode === 304 || statusCode < 200) return;
  const bytes = Number(response[announced]);
  if (Number.isSafeInteger(bytes)) response[left] = bytes;
}

function encodingOf(encoding: unknown): BufferEncoding {
  return typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8';
}

type FieldValue = OutgoingHttpHeader | readonly string[];

function setHeader(this: GuardedResponse, name: string, value: FieldValue): GuardedResponse {
  const base: Base<GuardedResponse> = Object.getPrototypeOf(this).setHeader;
  note(this, name, value);
  return base.call(this, name, value);
}

function appendHeader(this: GuardedResponse, name: string, value: FieldValue): GuardedResponse {
  const base: Base<GuardedResponse> = Object.getPrototypeOf(this).appendHeader;
  note(this, name, value);
  return base.call(this, name, value);
}

function removeHeader(this: GuardedResponse, name: string): void {
  const base: Base<void> = Object.getPrototypeOf(this).removeHeader;
  const kind = kindOf(name);
  if (kind === 'length') this[announced] = undefined;
  else if (kind === 'server') this[hasServer] = true;
  base.call(this, name);
}

function note(response: GuardedResponse, name: unknown, value: unknown): void {
  switch (kindOf(name)) {
    case null:
      return;
    case 'ours':
      response[hasOurs] = true;
      return;
    case 'server':
      response[hasServer] = true;
      return;
    case 'length':
      response[announced] = value;
  }
}

/** Node 20 and 22 write what they are given as it is: a line end in a hint would be a field, or an answer, of somebody else's making. */
function writeEarlyHints(this: GuardedResponse, hints: object, callback?: () => void): void {
  const base: Base<void> = Object.getPrototypeOf(this).writeEarlyHints;
  for (const [name, value] of Object.entries(hints)) {
    if (TOKEN.test(name) && [value].flat().every((each) => FIELD_VALUE.test(String(each)))) continue;
    const message = `Invalid character in early hint ${JSON.stringify(name)}`;
    throw Object.assign(new TypeError(message), { code: 'ERR_INVALID_CHAR' });
  }
  base.call(this, hints, callback);
}
