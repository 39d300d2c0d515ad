/** The rows of the obligations that are tested here; forwarding, PROXY and deadlines have tests of their own. */
export type Row =
  | 'line ends'
  | 'request line'
  | 'target'
  | 'host'
  | 'names and values'
  | 'content-length'
  | 'transfer-encoding'
  | 'chunks'
  | 'trailers'
  | 'limits'
  | 'pipelining'
  | 'early answer, unread body'
  | 'expect'
  | 'upgrade'
  | 'head, 204, 304'
  | 'response head'
  | 'content-length against bytes'
  | 'http/1.0'
  | 'half-close'
  | 'error answers'
  | 'reset'
  | 'cost'
  | 'date, server';

/** What becomes of the connection once the expected answers have come. */
export type After =
  /** It takes another request. */
  | 'open'
  /** The last answer says so and the server closes. */
  | 'closed'
  /** The server closes in the middle of the last answer, which is thereby no whole one. */
  | 'cut'
  /** The server may take another request or close, but must do one of the two. */
  | 'open or closed';

/** What the application saw of a request, as far as it matters to a case. */
export interface Sees {
  readonly method?: string;
  /** In origin form, or `*`. */
  readonly target?: string;
  /** The host and port the application would take itself to be asked by. */
  readonly authority?: string;
  /** By lower-case name, repeated ones joined with `', '`; `null`: the application must not see it. */
  readonly fields?: Readonly<Record<string, string | null>>;
  /** As latin1. */
  readonly body?: string;
}

/** One answer of a server, interim ones (1xx) included. */
export interface HttpAnswer {
  readonly version: string;
  readonly status: number;
  /** Lower-case names; repeated fields joined with `', '`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly framing: 'none' | 'sized' | 'chunked' | 'close';
  /** It was the last one of its connection by its own word. */
  readonly closes: boolean;
}

/** Bytes for a server, and what must come back. */
export interface HttpCase {
  readonly row: Row;
  /** Unique within its row. */
  readonly name: string;
  /** As latin1. Of several parts, each further one is sent when one more answer has come, interim ones included. */
  readonly send: string | readonly string[];
  /** The status of the answer, or of all in their order, interim ones included. */
  readonly expect: number | readonly number[];
  /** Other answers that the obligations leave room for. */
  readonly orElse?: readonly (readonly number[])[];
  readonly after: After;
  /** A 100 may come, and need not. */
  readonly mayContinue?: true;
  /** Which of the final answers, counted from 0, answer a HEAD. */
  readonly headAnswers?: readonly number[];
  /** The client shuts its sending side behind the bytes. */
  readonly halfClose?: true;
  /** Of the final answers, in order. */
  readonly sees?: readonly Sees[];
  /** Only these offsets are split at, ends included; all of them when left out. */
  readonly splitBetween?: readonly [first: number, last: number];
  /** Looks at the answers (not the one to the probe that an open connection gets); returns what is wrong. */
  readonly check?: (answers: readonly HttpAnswer[]) => string | null;
}

/** A case without its row. */
export type RowCase = Omit<HttpCase, 'row'>;

/** A case may differ so far from another of its row and still be of its family. */
const FAMILY_BYTES = 48;
/** It is split within what tells it from that one, and so far around it. */
const AROUND_BYTES = 3;

/**
 * Gives a row's cases their row. Of a family (the same bytes but for one place, the same answer) only the first member is split
 * everywhere, the others around that place: a parser that came through the rest once comes through it again.
 *
 * @throws when two have one name
 */
export function rowOf(row: Row, cases: readonly RowCase[]): readonly HttpCase[] {
  const names = new Set<string>();
  for (const { name } of cases) {
    if (names.has(name)) throw new Error(`two cases of the row "${row}" are called "${name}"`);
    names.add(name);
  }
  const firsts: RowCase[] = [];
  return cases.map((each) => {
    const splitBetween = placeInFamily(each, firsts);
    if (splitBetween !== null) return { ...each, row, splitBetween };
    firsts.push(each);
    return { ...each, row };
  });
}

function placeInFamily({ send, expect }: RowCase, firsts: readonly RowCase[]): readonly [number, number] | null {
  if (typeof send !== 'string') return null;
  for (const first of firsts) {
    if (typeof first.send !== 'string' || first.expect !== expect) continue;
    const [start, end] = difference(send, first.send);
    if (end - start <= FAMILY_BYTES) return [Math.max(1, start - AROUND_BYTES), end + AROUND_BYTES];
  }
  return null;
}

/** Where a text differs from another one: from which offset to which. */
function difference(text: string, other: string): readonly [number, number] {
  const shorter = Math.min(text.length, other.length);
  let start = 0;
  while (start < shorter && text[start] === other[start]) start += 1;
  let end = 0;
  while (end < shorter - start && text.at(-1 - end) === other.at(-1 - end)) end += 1;
  return [start, Math.max(text.length, other.length) - end];
}

/** A case that is refused: one answer, then the connection is closed. */
export function refused(name: string, send: string, status = 400): RowCase {
  return { name, send, expect: status, after: 'closed' };
}

/** A case that is answered with 200, and leaves the connection usable. */
export function taken(name: string, send: string, sees: Sees = {}): RowCase {
  return { name, send, expect: 200, after: 'open', sees: [sees] };
}

/** A head: the request line, then `Host: a`, then these lines, then the empty one. */
export function head(requestLine: string, ...lines: readonly string[]): string {
  return [requestLine, 'Host: a', ...lines, '', ''].join('\r\n');
}

/** `GET / HTTP/1.1` with these further field lines. */
export function get(...lines: readonly string[]): string {
  return head('GET / HTTP/1.1', ...lines);
}

/** A POST with these field lines and this body, without a framing of its own. */
export function post(lines: readonly string[], body: string, target = '/'): string {
  return head(`POST ${target} HTTP/1.1`, ...lines) + body;
}

/** A chunked POST with these bytes for a body. */
export function chunked(body: string, target = '/'): string {
  return post(['Transfer-Encoding: chunked'], body, target);
}

/** A byte as it stands in the name of a case: `0x0a`. */
export function byteName(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}

/** The integers from `first` to `last`. */
export function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** Control characters but HTAB, and DEL. */
export const CONTROLS: readonly number[] = [...range(0x00, 0x08), ...range(0x0a, 0x1f), 0x7f];
