import { consistsOf, isAuthority, isDigit, isToken, isVisible, stripped } from './reference-grammar.ts';
import { refuse } from './reference-signals.ts';

/** A request line, taken apart. */
export interface ReferenceLine {
  readonly method: string;
  readonly target: string;
  /** Of the absolute form. */
  readonly authority: string | null;
  readonly minorVersion: 0 | 1;
}

const MOST_METHOD_CHARACTERS = 64;

/** RFC 9112, section 3. */
export function parseRequestLine(line: string): ReferenceLine {
  const parts = line.split(' ');
  const [method = '', target = '', version = ''] = parts;
  if (parts.length !== 3) refuse(400, 'request line');
  if (!isToken(method) || method.length > MOST_METHOD_CHARACTERS) refuse(400, 'request line');
  if (!consistsOf(target, (character) => isVisible(character) && character !== '#')) refuse(400, 'target');
  if (version !== 'HTTP/1.0' && version !== 'HTTP/1.1') {
    const isOther =
      version.length === 8 &&
      version.startsWith('HTTP/') &&
      isDigit(version.charAt(5)) &&
      version.charAt(6) === '.' &&
      isDigit(version.charAt(7));
    refuse(isOther ? 505 : 400, 'version');
  }
  if (method === 'CONNECT') refuse(405, 'CONNECT');
  return { method, target, authority: authorityOf(target, method), minorVersion: version === 'HTTP/1.1' ? 1 : 0 };
}

/** RFC 9112, section 3.2; of the absolute form the authority. */
function authorityOf(target: string, method: string): string | null {
  if (target.startsWith('/')) return null;
  if (target === '*') {
    if (method !== 'OPTIONS') refuse(400, 'target *');
    return null;
  }
  const lower = target.toLowerCase();
  const scheme = ['http://', 'https://'].find((each) => lower.startsWith(each));
  if (scheme === undefined) return refuse(400, 'target');
  let authority = '';
  for (const character of target.slice(scheme.length)) {
    if (character === '/' || character === '?') break;
    authority += character;
  }
  if (!isAuthority(authority)) refuse(400, 'target');
  return authority;
}

/** What follows from a head. */
export interface JudgedHead {
  readonly head: {
    readonly method: string;
    readonly target: string;
    readonly minorVersion: 0 | 1;
    readonly fields: readonly string[];
  };
  /** Bytes of the body, 0 where there is none. */
  readonly framing: 'chunked' | number;
  readonly closes: boolean;
}

/** What the line and the fields mean together: `Host`, the framing, whether the connection ends. */
export function judgeHead(
  { method, target, authority, minorVersion }: ReferenceLine,
  { fields, isLengthWithCodingGood }: { fields: readonly string[]; isLengthWithCodingGood: boolean },
): JudgedHead {
  const hosts = valuesOf(fields, 'host');
  const lengths = valuesOf(fields, 'content-length');
  if (hosts.length > 1) refuse(400, 'Host twice');
  if (lengths.length > 1) refuse(400, 'Content-Length twice');
  if (valuesOf(fields, 'content-type').length > 1) refuse(400, 'Content-Type twice');
  const [host] = hosts;
  if (host !== undefined && !isAuthority(host)) refuse(400, 'Host');
  const framing = framingOf(valuesOf(fields, 'transfer-encoding'), {
    length: isLengthWithCodingGood && valuesOf(fields, 'transfer-encoding').length > 0 ? undefined : lengths[0],
    minorVersion,
  });
  if (minorVersion === 1 && host === undefined) refuse(400, 'Host missing');
  const expectations = valuesOf(fields, 'expect');
  if (minorVersion === 1 && expectations.length > 0 && expectations.join(', ').toLowerCase() !== '100-continue') {
    refuse(417, 'expectation');
  }
  const options = valuesOf(fields, 'connection')
    .join(',')
    .split(',')
    .map((option) => stripped(option).toLowerCase());
  const closes = options.includes('close') || (minorVersion === 0 && !options.includes('keep-alive'));
  return { head: { method, target, minorVersion, fields: withAuthority(fields, authority) }, framing, closes };
}

/** RFC 9112, section 3.2.2: a target in absolute form says the host, and the field `Host` is as if it had never been there. */
function withAuthority(fields: readonly string[], authority: string | null): readonly string[] {
  if (authority === null || valuesOf(fields, 'host')[0] === authority) return fields;
  const others: string[] = [];
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? '';
    if (name.toLowerCase() !== 'host') others.push(name, fields[index + 1] ?? '');
  }
  return ['Host', authority, ...others];
}

/** The values of a field, in order. */
export function valuesOf(fields: readonly string[], lowerCaseName: string): string[] {
  const values: string[] = [];
  for (let index = 0; index < fields.length; index += 2) {
    if (fields[index]?.toLowerCase() === lowerCaseName) values.push(fields[index + 1] ?? '');
  }
  return values;
}

/** RFC 9112, section 6, and http.md. */
function framingOf(
  codingValues: readonly string[],
  { length, minorVersion }: { length: string | undefined; minorVersion: 0 | 1 },
): 'chunked' | number {
  if (codingValues.length > 0) {
    if (minorVersion === 0) refuse(400, 'Transfer-Encoding in HTTP/1.0');
    if (length !== undefined) refuse(400, 'Content-Length with Transfer-Encoding');
    const value = codingValues.join(',').toLowerCase();
    if (value === 'chunked') return 'chunked';
    const codings = value.split(',').map(stripped);
    if (!codings.every(isToken)) refuse(400, 'Transfer-Encoding');
    const others = codings.filter((coding) => coding !== 'chunked');
    if (others.length === 0 || codings.length - others.length > 1) refuse(400, 'Transfer-Encoding');
    if (codings.includes('chunked') && codings.at(-1) !== 'chunked') refuse(400, 'Transfer-Encoding');
    return refuse(501, 'unknown coding');
  }
  if (length === undefined) return 0;
  if (!consistsOf(length, isDigit) || length.length > 16) refuse(400, 'Content-Length');
  if (Number(length) > Number.MAX_SAFE_INTEGER) refuse(400, 'Content-Length');
  return Number(length);
}
