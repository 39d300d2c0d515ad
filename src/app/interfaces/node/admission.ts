import type { IncomingMessage } from 'node:http';
import { ABSOLUTE_TARGET, isHost } from '../../../http/grammar.ts';
import type { HttpLimits } from '../../../http/limits.ts';
import { type Refusal, refusal } from '../../../http/refusal.ts';
import { transferCodingFault } from '../../../http/transfer-coding.ts';
import { replaceFields } from './fields.ts';

/** `HTTP/1.1` and two spaces. */
const VERSION_AND_SPACES_BYTES = 10;
/** White space around a value is not counted: the parser keeps none of it. */
const COLON_BYTES = 1;
const LINE_END_BYTES = 2;

/** Origin form in visible ASCII; `#` begins a fragment, which no target may have (RFC 9112, section 3.2). */
const ORIGIN_TARGET = /^\/[\x21\x22\x24-\x7e]*$/;
const VISIBLE = /^[\x21\x22\x24-\x7e]+$/;
/**
 * llhttp takes these only in requests of RTSP and ICE. (`GET`, `POST` and `OPTIONS` belong to RTSP too, and the parser does not tell which
 * protocol a request named: that fault cannot be seen from here.)
 */
const OTHER_PROTOCOLS: ReadonlySet<string> = new Set([
  ...['DESCRIBE', 'ANNOUNCE', 'SETUP', 'PLAY', 'PAUSE', 'TEARDOWN', 'GET_PARAMETER', 'SET_PARAMETER'],
  ...['REDIRECT', 'RECORD', 'FLUSH', 'SOURCE'],
]);

const otherVersion = refusal(505, 'another version of HTTP');
const otherProtocol = refusal(400, 'another protocol');
const lineTooLong = refusal(414, 'request line too long');
const fieldTooLong = refusal(431, 'header field too long');
const headTooLong = refusal(431, 'header fields too long together');
const tooManyFields = refusal(431, 'too many header fields');
const bodyTooLarge = refusal(413, 'body too large');
const badTarget = refusal(400, 'malformed target');
const badHost = refusal(400, 'malformed Host');
const noHost = refusal(400, 'no Host');
const hostTwice = refusal(400, 'Host twice');
const typeTwice = refusal(400, 'Content-Type twice');
const badLength = refusal(400, 'malformed Content-Length');
const twoFramings = refusal(400, 'Content-Length with Transfer-Encoding');
const codingInOldVersion = refusal(400, 'Transfer-Encoding in HTTP/1.0');

/** The last `Host` that was found right: that of the next request is the same. */
let lastGoodHost = '';

/**
 * Judges the head of a request that llhttp let through, before the application sees it: what RFC 9110 and 9112 forbid and llhttp takes,
 * and the limits. `null`: nothing is wrong with it.
 *
 * It works on `rawHeaders`, once through, and looks at lengths before letters: most fields cost two comparisons.
 */
export function examine(request: IncomingMessage, limits: HttpLimits): Refusal | null {
  const { url = '', method = '', httpVersionMajor, httpVersionMinor } = request;
  if (httpVersionMajor !== 1 || httpVersionMinor > 1) return otherVersion;
  if (method.length + url.length + VERSION_AND_SPACES_BYTES > limits.maxRequestLineBytes) return lineTooLong;
  if (method !== 'GET' && OTHER_PROTOCOLS.has(method)) return otherProtocol;
  const authority = ORIGIN_TARGET.test(url) ? null : authorityOf(method, url);
  if (authority === false) return badTarget;
  const fault = examineFields(request, limits);
  if (fault !== null) return fault;
  if (authority !== null) replaceFields(request, withHost(request.rawHeaders, authority));
  return null;
}

/** Of a target that is not in origin form: its authority, `null` for the `*` of OPTIONS, `false` for no form at all. */
function authorityOf(method: string, url: string): string | null | false {
  if (url === '*' && method === 'OPTIONS') return null;
  const authority = VISIBLE.test(url) ? ABSOLUTE_TARGET.exec(url)?.[1] : undefined;
  return authority !== undefined && isHost(authority) ? authority : false;
}

function examineFields(request: IncomingMessage, limits: HttpLimits): Refusal | null {
  const { rawHeaders } = request;
  const { length } = rawHeaders;
  const { maxFieldBytes } = limits;
  if (length > 2 * limits.maxFields) return tooManyFields;
  let bytes = (length / 2) * LINE_END_BYTES;
  let host: string | null = null;
  let contentLength: string | null = null;
  let transferEncoding: string | null = null;
  let hasContentType = false;
  for (let index = 0; index < length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const value = rawHeaders[index + 1] ?? '';
    const fieldBytes = name.length + value.length + COLON_BYTES;
    if (fieldBytes > maxFieldBytes) return fieldTooLong;
    bytes += fieldBytes;
    switch (name.length) {
      case 4:
        if (!isName(name, 'host')) break;
        if (host !== null) return hostTwice;
        host = value;
        break;
      case 12:
        if (!isName(name, 'content-type')) break;
        if (hasContentType) return typeTwice;
        hasContentType = true;
        break;
      case 14:
        if (!isName(name, 'content-length')) break;
        if (contentLength !== null) return badLength;
        contentLength = value;
        break;
      case 17:
        if (isName(name, 'transfer-encoding'))
          transferEncoding = transferEncoding === null ? value : `${transferEncoding},${value}`;
    }
  }
  if (bytes > limits.maxHeadBytes) return headTooLong;
  if (host === null ? request.httpVersionMinor === 1 : host !== lastGoodHost) {
    if (host === null) return noHost;
    if (!isHost(host)) return badHost;
    lastGoodHost = host;
  }
  if (transferEncoding === null && contentLength === null) return null;
  return framingFault({ contentLength, transferEncoding, isOldVersion: request.httpVersionMinor === 0 }, limits);
}

function isName(name: string, lower: string): boolean {
  return name === lower || name.toLowerCase() === lower;
}

interface FramingFields {
  readonly contentLength: string | null;
  readonly transferEncoding: string | null;
  readonly isOldVersion: boolean;
}

function framingFault(fields: FramingFields, limits: HttpLimits): Refusal | null {
  const { contentLength, transferEncoding, isOldVersion } = fields;
  if (transferEncoding !== null) {
    if (contentLength !== null) return twoFramings;
    return isOldVersion ? codingInOldVersion : transferCodingFault(transferEncoding);
  }
  const bytes = Number(contentLength);
  if (!Number.isSafeInteger(bytes)) return badLength;
  return limits.maxBodyBytes !== null && bytes > limits.maxBodyBytes ? bodyTooLarge : null;
}

/** The authority of an absolute target wins over `Host` (RFC 9112, section 3.2.2). */
function withHost(fields: readonly string[], authority: string): string[] {
  const replaced = [...fields];
  for (let index = 0; index < fields.length; index += 2) {
    if (!isName(fields[index] ?? '', 'host')) continue;
    replaced[index + 1] = authority;
    return replaced;
  }
  return [...replaced, 'Host', authority];
}
