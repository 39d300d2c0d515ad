import {
  consistsOf,
  isBlank,
  isHexDigit,
  isToken,
  isTokenCharacter,
  isValueCharacter,
  stripped,
} from './reference-grammar.ts';
import { judgeHead, parseRequestLine } from './reference-head.ts';
import { type Fault, Refused, refuse, Waiting } from './reference-signals.ts';

/** The limits of `HttpLimits` that the bytes can break. */
export interface ReferenceLimits {
  readonly maxRequestLineBytes: number;
  readonly maxFields: number;
  readonly maxFieldBytes: number;
  readonly maxHeadBytes: number;
  readonly maxBodyBytes: number | null;
}

/** A request that came whole. Texts are latin1. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly minorVersion: 0 | 1;
  /** Names as sent and values, alternating. */
  readonly fields: readonly string[];
  readonly body: string;
}

/** How the bytes end. `closed`: the last request ended the connection, and nothing behind it is read. */
export type End =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'refused'; readonly status: number; readonly fault: Fault };

export interface Reading {
  readonly requests: readonly SeenRequest[];
  /** Where each of the requests begins, and at last where the end does. */
  readonly begins: readonly number[];
  readonly end: End;
}

/** What the reader is to take for good although it is not: so that a test can see that such a difference is found. */
export type Blindness = 'none' | 'bareLineFeed' | 'contentLengthWithTransferEncoding' | 'bytesBehindChunk';

/** The rules that say what is read, and what is overlooked on purpose. */
export interface ReferenceOptions {
  readonly limits: ReferenceLimits;
  readonly blindness?: Blindness;
}

/**
 * All bytes of a connection, read slowly by RFC 9112: one character after the other, and refused at the first that no good message can have.
 * Every request is taken for answered when it is whole.
 */
export function readConnection(text: string, options: ReferenceOptions): Reading {
  const input = createInput(text);
  const requests: SeenRequest[] = [];
  const begins: number[] = [];
  try {
    while (true) {
      begins.push(input.at());
      const { request, closes } = readRequest(input, options);
      requests.push(request);
      if (closes) {
        begins.push(input.at());
        return { requests, begins, end: { kind: 'closed' } };
      }
    }
  } catch (thrown) {
    if (thrown instanceof Waiting) return { requests, begins, end: { kind: 'waiting' } };
    if (!(thrown instanceof Refused)) throw thrown;
    return { requests, begins, end: { kind: 'refused', status: thrown.status, fault: thrown.fault } };
  }
}

interface Input {
  at(): number;
  /** The next character, which is thereby read. */
  next(): string;
}

function createInput(text: string): Input {
  let at = 0;
  return {
    at: () => at,
    next() {
      if (at === text.length) throw new Waiting();
      at += 1;
      return text.charAt(at - 1);
    },
  };
}

interface LineRules {
  /** Characters that a line may have without its line end. */
  readonly most: number;
  /** Characters that it may have with its line end; the line that is empty is always taken. */
  readonly room: number;
  readonly status: 414 | 431;
  readonly isFeedEnough: boolean;
  /** What is asked of the first character. */
  readonly mayBegin?: (character: string) => boolean;
}

/** One line without its line end; `feed` tells of a line feed without a carriage return, which the caller has to refuse. */
function readLine(input: Input, rules: LineRules): { text: string; isBare: boolean } {
  let line = '';
  while (true) {
    const character = input.next();
    if (line === '' && rules.mayBegin?.(character) === false) refuse(400, 'start of the request line');
    if (line.endsWith('\r') && character !== '\n') refuse(400, 'bare CR');
    line += character;
    if (line.length > rules.room && line !== '\r' && line !== '\r\n') refuse(rules.status, 'limit');
    if (character === '\n') {
      const isWhole = line.endsWith('\r\n');
      return { text: line.slice(0, isWhole ? -2 : -1), isBare: !isWhole && !rules.isFeedEnough };
    }
    // The one character that may come is the CR.
    if (line.length > rules.most + 1) refuse(rules.status, 'limit');
  }
}

function readRequest(input: Input, options: ReferenceOptions): { request: SeenRequest; closes: boolean } {
  const { limits, blindness } = options;
  const line = parseRequestLine(readRequestLine(input, options));
  const fields = readFields(input, { options, mayName: () => true });
  const { head, framing, closes } = judgeHead(line, {
    fields,
    isLengthWithCodingGood: blindness === 'contentLengthWithTransferEncoding',
  });
  if (framing === 'chunked') return { request: { ...head, body: readChunks(input, options) }, closes };
  if (limits.maxBodyBytes !== null && framing > limits.maxBodyBytes) refuse(413, 'limit');
  let body = '';
  while (body.length < framing) body += input.next();
  return { request: { ...head, body }, closes };
}

/** Empty lines in front of it are overlooked (RFC 9112, section 2.2), as long as there are few. */
function readRequestLine(input: Input, { limits, blindness }: ReferenceOptions): string {
  let skipped = 0;
  while (true) {
    const { text, isBare } = readLine(input, {
      ...{ most: limits.maxRequestLineBytes, room: Number.POSITIVE_INFINITY, status: 414 },
      isFeedEnough: blindness === 'bareLineFeed',
      mayBegin: (character) => character === '\r' || isTokenCharacter(character),
    });
    if (isBare) refuse(400, 'bare LF');
    if (text !== '') return text;
    skipped += 2;
    if (skipped > limits.maxRequestLineBytes) refuse(400, 'empty lines');
  }
}

/** Field lines and the empty line behind them; a list of names and values. */
function readFields(
  input: Input,
  { options, mayName }: { options: ReferenceOptions; mayName: (lowerCaseName: string) => boolean },
): string[] {
  const { maxFieldBytes, maxFields, maxHeadBytes } = options.limits;
  const list: string[] = [];
  let room = maxHeadBytes;
  while (true) {
    const begin = input.at();
    const isFeedEnough = options.blindness === 'bareLineFeed';
    const { text, isBare } = readLine(input, { most: maxFieldBytes, room, status: 431, isFeedEnough });
    room -= input.at() - begin;
    if (text === '' && !isBare) return list;
    if (list.length === 2 * maxFields) refuse(431, 'limit');
    if (isBare) refuse(400, 'bare LF');
    const colon = text.indexOf(':');
    const name = text.slice(0, Math.max(0, colon));
    const value = stripped(text.slice(colon + 1));
    if (isBlank(text.charAt(0))) refuse(400, 'folded field');
    if (!isToken(name)) refuse(400, 'field name');
    if (value !== '' && !consistsOf(value, isValueCharacter)) refuse(400, 'field value');
    if (!mayName(name.toLowerCase())) refuse(400, 'trailer name');
    list.push(name, value);
  }
}

const FORBIDDEN_TRAILERS: readonly string[] = [
  ...['transfer-encoding', 'content-length', 'content-encoding', 'content-type', 'content-range', 'host', 'connection'],
  ...['upgrade', 'te', 'trailer', 'expect', 'max-forwards', 'authorization', 'proxy-authorization', 'cookie'],
];

/** RFC 9112, section 7.1: the data of all chunks. Trailers are checked and dropped. */
function readChunks(input: Input, options: ReferenceOptions): string {
  const { maxBodyBytes } = options.limits;
  let body = '';
  let extensionBytes = 0;
  while (true) {
    const line = readSizeLine(input, { extensionBytes, isFeedEnough: options.blindness === 'bareLineFeed' });
    extensionBytes += line.extensionBytes;
    if (maxBodyBytes !== null && body.length + line.size > maxBodyBytes) refuse(413, 'limit');
    if (line.size === 0) {
      readFields(input, { options, mayName: (name) => !FORBIDDEN_TRAILERS.includes(name) });
      return body;
    }
    for (let count = 0; count < line.size; count += 1) body += input.next();
    const isAnyEnd = options.blindness === 'bytesBehindChunk';
    if (input.next() !== '\r' && !isAnyEnd) refuse(400, 'end of a chunk');
    if (input.next() !== '\n' && !isAnyEnd) refuse(400, 'end of a chunk');
  }
}

const MOST_SIZE_DIGITS = 16;
const MOST_EXTENSION_BYTES = 16_384;

/** Hexadecimal digits and extensions. A line that has more digits than a size can have is refused before its end. */
function readSizeLine(
  input: Input,
  { extensionBytes, isFeedEnough }: { extensionBytes: number; isFeedEnough: boolean },
): { size: number; extensionBytes: number } {
  let line = '';
  while (!line.endsWith('\n')) {
    const character = input.next();
    if (line.endsWith('\r') && character !== '\n') refuse(400, 'bare CR');
    line += character;
    if (!line.endsWith('\n') && line.length > MOST_SIZE_DIGITS + 1) {
      if (!line.slice(0, MOST_SIZE_DIGITS + 1).includes(';')) refuse(400, 'chunk size');
      if (extensionBytes + line.length > MOST_EXTENSION_BYTES + MOST_SIZE_DIGITS + 1) refuse(400, 'chunk extension');
    }
  }
  if (!line.endsWith('\r\n') && !isFeedEnough) refuse(400, 'bare LF');
  const text = line.endsWith('\r\n') ? line.slice(0, -2) : line.slice(0, -1);
  let digits = 0;
  while (isHexDigit(text.charAt(digits))) digits += 1;
  if (digits === 0 || digits > MOST_SIZE_DIGITS) refuse(400, 'chunk size');
  const extensions = text.slice(digits);
  if (extensions !== '' && !extensions.startsWith(';')) refuse(400, 'chunk size');
  if (!areExtensions(extensions)) refuse(400, 'chunk extension');
  if (extensionBytes + extensions.length > MOST_EXTENSION_BYTES) refuse(400, 'chunk extension');
  const size = Number(`0x${text.slice(0, digits)}`);
  if (size > Number.MAX_SAFE_INTEGER) refuse(400, 'chunk size');
  return { size, extensionBytes: extensions.length };
}

/** `*( BWS? ";" BWS name [ BWS "=" BWS value ] )`, where no blank stands in front of the semicolon (RFC 9112, section 7.1.1). */
function areExtensions(text: string): boolean {
  let at = 0;
  const skipBlanks = () => {
    while (isBlank(text.charAt(at))) at += 1;
  };
  const skipToken = () => {
    const begin = at;
    while (isTokenCharacter(text.charAt(at))) at += 1;
    return at > begin;
  };
  while (at < text.length) {
    if (text.charAt(at) !== ';') return false;
    at += 1;
    skipBlanks();
    if (!skipToken()) return false;
    const behindName = at;
    skipBlanks();
    if (text.charAt(at) !== '=') {
      if (at > behindName) return false;
      continue;
    }
    at += 1;
    skipBlanks();
    if (text.charAt(at) === '"') {
      const length = quotedLength(text.slice(at));
      if (length === null) return false;
      at += length;
    } else if (!skipToken()) return false;
  }
  return true;
}

/** How long the quoted string is that begins the text (RFC 9110, section 5.6.4); `null`: it has no end, or holds what it may not. */
function quotedLength(text: string): number | null {
  for (let at = 1; at < text.length; at += 1) {
    if (text.charAt(at) === '"') return at + 1;
    if (text.charAt(at) === '\\') at += 1;
    if (!isValueCharacter(text.charAt(at))) return null;
  }
  return null;
}
