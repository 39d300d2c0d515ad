import { type Server, ServerResponse } from 'node:http';
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
}

export interface ResponseRules {
  /** `null`: none. */
  readonly serverHeader: string | null;
  /** Whether this answer has to be the last of its connection; asked when its head is written. */
  mustClose(response: ServerResponse): boolean;
  /** The application wrote more than it announced, or less. */
  wrongLength(response: ServerResponse, why: string): void;
}

type Method<Result> = (this: ServerResponse, ...args: unknown[]) => Result;

/** Whose types leave out what is passed on as it came. */
function methodOf<Result>(prototype: object, name: string): Method<Result> {
  return Reflect.get(prototype, name);
}

interface Rules extends ResponseRules {
  /** `Server` as a line of a head; empty: there is none. */
  readonly serverLine: string;
}

const guarded = new WeakMap<object, Rules>();
let isInstalled = false;

/**
 * Makes right what the responses of a server send, whatever the application does: `Server`, fields of the connection, and as many bytes as
 * were announced.
 *
 * The methods of `ServerResponse` are replaced for the whole process, and leave the responses of other servers as they are. To set them on
 * each response takes 3 % of a 'hello', as it makes the object grow; a class of our own would be lost with Express, which gives a
 * response another prototype.
 */
export function guardResponses(server: Server, rules: ResponseRules): void {
  const { serverHeader } = rules;
  guarded.set(server, { ...rules, serverLine: serverHeader === null ? '' : `Server: ${serverHeader}\r\n` });
  if (isInstalled) return;
  isInstalled = true;
  const { prototype } = ServerResponse;
  guardFirstLine(prototype);
  guardHead(prototype);
  guardBody(prototype);
  guardFields(prototype);
  guardEarlyHints(prototype);
}

/** node:http sets the server on each socket. */
function rulesOf({ req: { socket } }: ServerResponse): Rules | undefined {
  const server: unknown = 'server' in socket ? socket.server : undefined;
  return typeof server === 'object' && server !== null ? guarded.get(server) : undefined;
}

/** What the head that is being written gets in front of its fields; set and taken within one `writeHead`. */
let nextLines = '';

/**
 * `_storeHeader` is where Node puts a head together, on every line so far. `setHeader('Server', …)` would cost twice as much, be seen by the
 * application, and lose fields: on Node 20 `writeHead` keeps only the last `Set-Cookie` of a flat list once any field is set.
 */
function guardFirstLine(prototype: ServerResponse): void {
  const base = methodOf<void>(prototype, '_storeHeader');
  Reflect.set(
    prototype,
    '_storeHeader',
    function storeHeader(this: ServerResponse, firstLine: string, fields: unknown) {
      const lines = nextLines;
      nextLines = '';
      base.call(this, lines === '' ? firstLine : firstLine + lines, fields);
    },
  );
}

function guardHead(prototype: ServerResponse): void {
  const base = methodOf<void>(prototype, 'writeHead');
  function writeHead(this: GuardedResponse, status: number, second?: unknown, third?: unknown): GuardedResponse {
    const rules = rulesOf(this);
    const given = third ?? second;
    let fields = isFields(given) ? given : undefined;
    if (rules !== undefined) {
      if (rules.mustClose(this)) this.shouldKeepAlive = false;
      if (fields !== undefined) eachField(fields, (name, value) => note(this, name, value));
      if (this[hasOurs] === true) {
        const isSized = this[announced] !== undefined;
        if (fields !== undefined) fields = withoutOurs(this, { given: fields, status, isSized });
        dropHeld(this, status);
      }
    }
    nextLines = rules === undefined || this[hasServer] === true ? '' : rules.serverLine;
    base.call(this, status, typeof second === 'string' ? second : undefined, fields);
    if (rules !== undefined && this[announced] !== undefined) expectBytes(this);
    return this;
  }
  prototype.writeHead = writeHead;
}

function guardBody(prototype: ServerResponse): void {
  const baseWrite = methodOf<boolean>(prototype, 'write');
  const baseEnd = methodOf<GuardedResponse>(prototype, 'end');
  function write(this: GuardedResponse, chunk: unknown, second?: unknown, third?: unknown): boolean {
    const piece = isCounted(this) ? withinLength(this, chunk, second) : chunk;
    return baseWrite.call(this, piece, second, third);
  }
  function end(this: GuardedResponse, chunk?: unknown, second?: unknown, third?: unknown): GuardedResponse {
    if (!isCounted(this) || this.writableEnded) return baseEnd.call(this, chunk, second, third);
    const piece = withinLength(this, chunk, second);
    if (this[left] !== undefined && this[left] > 0) {
      rulesOf(this)?.wrongLength(this, 'the answer is shorter than its Content-Length');
      // Only the end of the connection tells the client that it waits in vain.
      const { socket } = this.req;
      this.once('finish', () => socket.destroySoon());
    }
    return baseEnd.call(this, piece, second, third);
  }
  prototype.write = write;
  prototype.end = end;
}

function guardFields(prototype: ServerResponse): void {
  for (const method of ['setHeader', 'appendHeader'] as const) {
    const base = methodOf<GuardedResponse>(prototype, method);
    prototype[method] = function noting(this: GuardedResponse, name: string, value: unknown): GuardedResponse {
      note(this, name, value);
      return base.call(this, name, value);
    };
  }
  const base = methodOf<void>(prototype, 'removeHeader');
  prototype.removeHeader = function removeHeader(this: GuardedResponse, name: string): void {
    const kind = kindOf(name);
    if (kind === 'length') this[announced] = undefined;
    else if (kind === 'server') this[hasServer] = true;
    base.call(this, name);
  };
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

/** As much of a piece as was announced. */
function withinLength(response: GuardedResponse, chunk: unknown, encoding: unknown): unknown {
  const space = response[left];
  if (space === undefined || (typeof chunk !== 'string' && !(chunk instanceof Uint8Array))) return chunk;
  const bytes = typeof chunk === 'string' ? Buffer.byteLength(chunk, encodingOf(encoding)) : chunk.byteLength;
  response[left] = Math.max(0, space - bytes);
  if (bytes <= space) return chunk;
  rulesOf(response)?.wrongLength(response, 'the answer is longer than its Content-Length');
  const whole = typeof chunk === 'string' ? Buffer.from(chunk, encodingOf(encoding)) : chunk;
  return whole.subarray(0, space);
}

function encodingOf(encoding: unknown): BufferEncoding {
  return typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8';
}

/** Node 20 and 22 write what they are given as it is: a line end in a hint would be a field, or an answer, of somebody else's making. */
function guardEarlyHints(prototype: ServerResponse): void {
  const base = methodOf<void>(prototype, 'writeEarlyHints');
  prototype.writeEarlyHints = function writeEarlyHints(this: ServerResponse, hints: object, callback?: () => void) {
    for (const [name, value] of Object.entries(hints)) {
      if (TOKEN.test(name) && [value].flat().every((each) => FIELD_VALUE.test(String(each)))) continue;
      const message = `Invalid character in early hint ${JSON.stringify(name)}`;
      throw Object.assign(new TypeError(message), { code: 'ERR_INVALID_CHAR' });
    }
    base.call(this, hints, callback);
  };
}
