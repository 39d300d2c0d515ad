import { unreachable } from '../../src/errors.ts';

/** One whole HTTP/1.1 answer. */
export interface Answer {
  readonly status: number;
  /** Names in lower case; repeated fields joined with `', '`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The server said that it closes the connection after this answer. */
  readonly closes: boolean;
}

/** Bytes that are no HTTP/1.1 answer to the request that was sent. */
export class MalformedAnswer extends Error {
  override readonly name = 'MalformedAnswer';
}

/** Reads the answers of one connection, one request at a time. */
export interface AnswerReader {
  /** To be called when a request is sent: an answer may come from now on. */
  expect(method: string): void;
  /** Takes what arrived; returns the answer once it is whole. @throws MalformedAnswer */
  feed(bytes: Buffer): Answer | null;
  /** Bytes that arrived since the last `expect`. */
  readonly bytesReceived: number;
}

type Framing = { kind: 'none' } | { kind: 'sized'; bytes: number } | { kind: 'chunked' };
type Head = Omit<Answer, 'body'> & { readonly framing: Framing };
type Phase = 'silent' | 'head' | 'sized' | 'chunkSize' | 'chunkData' | 'chunkEnd' | 'trailers';

const MAX_HEAD_BYTES = 65_536;
const MAX_LINE_BYTES = 8_192;
const NOTHING = Buffer.alloc(0);
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;
const CHUNK_SIZE = /^([0-9A-Fa-f]{1,8})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/;

/**
 * A strict reader of RFC 9112 answers: what is not delimited by Content-Length or chunks is refused, because its end could not be told
 * from a cut. Interim answers (1xx) are passed over.
 */
export function readAnswers(): AnswerReader {
  let phase: Phase = 'silent';
  let method = 'GET';
  let bytesReceived = 0;
  let rest: Buffer = NOTHING;
  let head: Head | null = null;
  let missing = 0;
  let pieces: Buffer[] = [];
  // A server's heads are the same for a second long: the last one is parsed only once.
  let lastText = '';
  let lastHead: Head | null = null;

  function parseOnce(text: string): Head {
    if (text !== lastText || lastHead === null) {
      lastHead = parseHead(text);
      lastText = text;
    }
    return lastHead;
  }

  function takeLine(end: string, limit: number): string | null {
    const at = rest.indexOf(end);
    if (at > limit || (at < 0 && rest.length > limit))
      throw new MalformedAnswer(`a line or head of over ${limit} bytes`);
    if (at < 0) return null;
    const line = rest.toString('latin1', 0, at);
    rest = rest.subarray(at + end.length);
    return line;
  }

  /** Moves `missing` bytes from `rest` into the body; whether they were all there. */
  function takeBody(): boolean {
    const piece = rest.subarray(0, missing);
    if (piece.length > 0) pieces.push(piece);
    missing -= piece.length;
    rest = rest.subarray(piece.length);
    return missing === 0;
  }

  /** The phase that follows, `'done'`, or `null` while bytes are missing. */
  function advance(): Phase | 'done' | null {
    switch (phase) {
      case 'silent':
        throw new MalformedAnswer('bytes that no request asked for');
      case 'head': {
        const text = takeLine('\r\n\r\n', MAX_HEAD_BYTES);
        if (text === null) return null;
        head = parseOnce(text);
        if (head.status < 200 && head.status !== 101) return 'head';
        if (method === 'HEAD' || head.framing.kind === 'none') return 'done';
        if (head.framing.kind === 'chunked') return 'chunkSize';
        missing = head.framing.bytes;
        return missing === 0 ? 'done' : 'sized';
      }
      case 'sized':
        return takeBody() ? 'done' : null;
      case 'chunkSize': {
        const line = takeLine('\r\n', MAX_LINE_BYTES);
        if (line === null) return null;
        const size = CHUNK_SIZE.exec(line)?.[1];
        if (size === undefined) throw new MalformedAnswer(`chunk size ${JSON.stringify(line)}`);
        missing = Number.parseInt(size, 16);
        return missing === 0 ? 'trailers' : 'chunkData';
      }
      case 'chunkData':
        return takeBody() ? 'chunkEnd' : null;
      case 'chunkEnd':
        if (rest.length < 2) return null;
        if (rest[0] !== 13 || rest[1] !== 10) throw new MalformedAnswer('no CRLF after the data of a chunk');
        rest = rest.subarray(2);
        return 'chunkSize';
      case 'trailers': {
        const line = takeLine('\r\n', MAX_LINE_BYTES);
        if (line === '') return 'done';
        if (line !== null && !FIELD.test(line)) throw new MalformedAnswer(`trailer ${JSON.stringify(line)}`);
        return line === null ? null : 'trailers';
      }
      default:
        return unreachable(phase);
    }
  }

  function finish(): Answer {
    if (head === null) throw new TypeError('an answer without a head');
    if (rest.length > 0) throw new MalformedAnswer(`${rest.length} bytes after the end of the answer`);
    const body = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
    phase = 'silent';
    pieces = [];
    return { status: head.status, headers: head.headers, closes: head.closes, body };
  }

  return {
    expect(sent) {
      method = sent;
      phase = 'head';
      bytesReceived = 0;
    },
    feed(bytes) {
      bytesReceived += bytes.length;
      rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      for (let next = advance(); next !== null; next = advance()) {
        if (next === 'done') return finish();
        phase = next;
      }
      return null;
    },
    get bytesReceived() {
      return bytesReceived;
    },
  };
}

function parseHead(text: string): Head {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const [, minor, statusText] = STATUS_LINE.exec(statusLine) ?? [];
  if (statusText === undefined) throw new MalformedAnswer(`status line ${JSON.stringify(statusLine)}`);
  const status = Number(statusText);
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const [, name, value] = FIELD.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new MalformedAnswer(`field ${JSON.stringify(line)}`);
    const key = name.toLowerCase();
    const before = headers[key];
    headers[key] = before === undefined ? value : `${before}, ${value}`;
  }
  const options = (headers.connection ?? '').toLowerCase().split(/[\t ]*,[\t ]*/);
  const closes = options.includes('close') || (minor === '0' && !options.includes('keep-alive'));
  return { status, headers, closes, framing: framingOf(status, headers) };
}

/** RFC 9112, section 6.3, without the cases that a strict client need not guess at. */
function framingOf(status: number, headers: Readonly<Record<string, string>>): Framing {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers;
  if (length !== undefined && encoding !== undefined) {
    throw new MalformedAnswer('Content-Length and Transfer-Encoding in one answer');
  }
  if (length !== undefined && !/^\d{1,15}$/.test(length)) throw new MalformedAnswer(`Content-Length ${length}`);
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') {
    throw new MalformedAnswer(`Transfer-Encoding ${encoding}`);
  }
  if (status < 200 || status === 204 || status === 304) return { kind: 'none' };
  if (encoding !== undefined) return { kind: 'chunked' };
  if (length === undefined)
    throw new MalformedAnswer('neither Content-Length nor chunks: a cut could not be told from the end');
  return { kind: 'sized', bytes: Number(length) };
}
