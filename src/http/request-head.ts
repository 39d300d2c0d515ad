import {
  ABSOLUTE_TARGET,
  FIELD_LINE,
  hasBareReturn,
  isHost,
  OTHER_VERSION_LINE,
  REQUEST_LINE,
  withoutOws,
} from './grammar.ts';
import type { HttpLimits } from './limits.ts';
import { bareLineFeed, bareReturn, type Refusal, refusal } from './refusal.ts';
import { transferCodingFault } from './transfer-coding.ts';

/** How a body is delimited (RFC 9112, section 6). */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'sized'; readonly bytes: number }
  | { readonly kind: 'chunked' };

/** A request line, checked. */
export interface RequestLine {
  readonly method: string;
  /** As sent: origin form, absolute form, or `*`. */
  readonly target: string;
  /** Of the absolute form, else `null`. It wins over `Host` (RFC 9112, section 3.2.2). */
  readonly authority: string | null;
  readonly minorVersion: 0 | 1;
}

/** The fields of a request, checked. Requests with the same bytes share one: it never changes. */
export interface RequestFields {
  /** Names as sent and values, alternating, in latin1. */
  readonly list: readonly string[];
  /** `null`: absent, which only HTTP/1.0 may be. */
  readonly host: string | null;
  readonly framing: Framing;
  /** What `Connection` says, in lower case. */
  readonly connection: { readonly close: boolean; readonly keepAlive: boolean; readonly upgrade: boolean };
  readonly expectsContinue: boolean;
  readonly expectsOther: boolean;
  /** In lower case. */
  readonly upgrade: string | null;
}

/** A checked request line, or why there is none. `line` has no line end. */
export function parseRequestLine(line: string, limits: HttpLimits): RequestLine | Refusal {
  if (!BEGINS_WITH_TOKEN.test(line)) return refusal(400, 'malformed request line');
  if (line.length > limits.maxRequestLineBytes) return longLineFault(line, limits.maxRequestLineBytes);
  const match = REQUEST_LINE.exec(line);
  if (match === null) {
    return OTHER_VERSION_LINE.test(line)
      ? refusal(505, 'another version of HTTP')
      : refusal(400, 'malformed request line');
  }
  const [, method = '', target = '', minor] = match;
  const minorVersion = minor === '1' ? 1 : 0;
  if (method === 'CONNECT') return refusal(405, 'method CONNECT');
  if (target.charCodeAt(0) === 0x2f) return { method, target, authority: null, minorVersion };
  if (target === '*') {
    return method === 'OPTIONS'
      ? { method, target, authority: null, minorVersion }
      : refusal(400, 'target * with another method than OPTIONS');
  }
  const authority = ABSOLUTE_TARGET.exec(target)?.[1];
  if (authority === undefined || !isHost(authority)) return refusal(400, 'malformed target');
  return { method, target, authority, minorVersion };
}

/** A line end that is none counts where it comes before the limit, however the bytes are split. */
function longLineFault(line: string, mostBytes: number): Refusal {
  const feed = line.indexOf('\n');
  if (feed !== -1 && feed <= mostBytes + 1) return bareLineFeed;
  // One byte more may be the CR of the line's end, which `line` does not hold.
  return hasBareReturn(`${line}\r`, mostBytes + 1) ? bareReturn : refusal(414, 'request line too long');
}

/** Takes field lines one by one, as they come; `finish` judges them together. */
export interface FieldCollector {
  /**
   * Takes the line of `text` at `at`, which must be there whole, up to its line feed. Returns where the next one begins; equal to `at + 2`
   * for the empty line that ends the head.
   */
  take(text: string, at: number): number | Refusal;
  finish(line: RequestLine): RequestFields | Refusal;
  readonly bytes: number;
}

export function collectFields(limits: HttpLimits): FieldCollector {
  const list: string[] = [];
  let bytes = 0;
  return {
    take(text, at) {
      if (text.charCodeAt(at) === 0x0d && text.charCodeAt(at + 1) === 0x0a) return at + 2;
      FIELD_LINE.lastIndex = at;
      const match = FIELD_LINE.exec(text);
      const next = match === null ? text.indexOf('\n', at) + 1 : FIELD_LINE.lastIndex;
      if (match === null && hasBareReturn(text.slice(at, next), mostFieldBytes(limits, bytes))) return bareReturn;
      bytes += next - at;
      if (next - at - 2 > limits.maxFieldBytes) return refusal(431, 'header field too long');
      if (bytes > limits.maxHeadBytes) return refusal(431, 'header fields too long together');
      if (list.length >= 2 * limits.maxFields) return refusal(431, 'too many header fields');
      if (match === null) return refusal(400, 'malformed header field');
      list.push(match[1] ?? '', withoutOws(match[2] ?? ''));
      return next;
    },
    finish: (line) => judgeFields(list, line),
    get bytes() {
      return bytes;
    },
  };
}

/** Bytes of a field line that may have come before a limit is broken; of others there were `before`. One may be the CR of the line's end. */
export function mostFieldBytes({ maxFieldBytes, maxHeadBytes }: HttpLimits, before: number): number {
  return Math.min(maxFieldBytes + 1, maxHeadBytes - before);
}

/** The values of the fields that the server itself understands. */
interface Known {
  host: string | null;
  contentLength: string | null;
  transferEncoding: string | null;
  connection: string;
  expect: string | null;
  upgrade: string | null;
  hasContentType: boolean;
}

function judgeFields(list: readonly string[], line: RequestLine): RequestFields | Refusal {
  const known = knownFields(list);
  if (typeof known === 'string') return refusal(400, known);
  if (known.host !== null && !isHost(known.host)) return refusal(400, 'malformed Host');
  if (known.transferEncoding !== null && line.minorVersion === 0) return refusal(400, 'Transfer-Encoding in HTTP/1.0');
  const framing = framingOf(known);
  if ('status' in framing) return framing;
  const options = known.connection === '' ? [] : known.connection.toLowerCase().split(',').map(withoutOws);
  const connection = {
    close: options.includes('close'),
    keepAlive: options.includes('keep-alive'),
    upgrade: options.includes('upgrade'),
  };
  const expect = known.expect?.toLowerCase() ?? null;
  return {
    list,
    host: known.host,
    framing,
    connection,
    expectsContinue: expect === '100-continue',
    expectsOther: expect !== null && expect !== '100-continue',
    upgrade: known.upgrade?.toLowerCase() ?? null,
  };
}

/** Reads the length of a name first: most fields are none of these, and cost one comparison. Returns the fault as text. */
function knownFields(list: readonly string[]): Known | string {
  const known: Known = {
    // No `...`, or V8 gives each object a hidden class of its own.
    host: null,
    contentLength: null,
    transferEncoding: null,
    connection: '',
    expect: null,
    upgrade: null,
    hasContentType: false,
  };
  for (let index = 0; index < list.length; index += 2) {
    const name = list[index] ?? '';
    const value = list[index + 1] ?? '';
    if (name.length === 4 && isName(name, 'host')) {
      if (known.host !== null) return 'Host twice';
      known.host = value;
    } else if (name.length === 14 && isName(name, 'content-length')) {
      if (known.contentLength !== null) return 'Content-Length twice';
      known.contentLength = value;
    } else if (name.length === 17 && isName(name, 'transfer-encoding')) {
      known.transferEncoding = known.transferEncoding === null ? value : `${known.transferEncoding},${value}`;
    } else if (name.length === 10 && isName(name, 'connection')) {
      known.connection = known.connection === '' ? value : `${known.connection},${value}`;
    } else if (name.length === 6 && isName(name, 'expect')) {
      known.expect = known.expect === null ? value : `${known.expect}, ${value}`;
    } else if (name.length === 7 && isName(name, 'upgrade')) {
      known.upgrade = known.upgrade === null ? value : `${known.upgrade}, ${value}`;
    } else if (name.length === 12 && isName(name, 'content-type')) {
      if (known.hasContentType) return 'Content-Type twice';
      known.hasContentType = true;
    }
  }
  return known;
}

function isName(name: string, lower: string): boolean {
  return name === lower || name.toLowerCase() === lower;
}

/** RFC 9112, section 6.3, without any of the guesses that it leaves open: whatever two parsers could read differently is refused. */
function framingOf({ contentLength, transferEncoding }: Known): Framing | Refusal {
  if (transferEncoding !== null) {
    if (contentLength !== null) return refusal(400, 'Content-Length with Transfer-Encoding');
    return transferCodingFault(transferEncoding) ?? { kind: 'chunked' };
  }
  if (contentLength === null) return { kind: 'none' };
  const bytes = /^\d{1,16}$/.test(contentLength) ? Number(contentLength) : Number.NaN;
  if (!Number.isSafeInteger(bytes)) return refusal(400, 'malformed Content-Length');
  return bytes === 0 ? { kind: 'none' } : { kind: 'sized', bytes };
}

const BEGINS_WITH_TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]/;
