import { MalformedAnswer } from '../../support/answer.ts';
import type { HttpAnswer } from './case.ts';

type Head = Omit<HttpAnswer, 'body' | 'framing'>;

const STATUS_LINE = /^HTTP\/(1\.[01]) ([1-5]\d\d) [\t\x20-\x7e\x80-\xff]*$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;
const CHUNK_SIZE = /^[0-9A-Fa-f]{1,8}$/;
/** Of a chunked answer, what follows `0\r\n` when there are no trailers. */
const EMPTY_LINE = '\r\n';

/**
 * Takes the first answer off the bytes of a connection (RFC 9112, sections 2 and 6); nothing is forgiven. Unlike `readAnswers`, it takes interim
 * answers, answers that end with the connection, and says how each was framed.
 *
 * @returns the answer and its length in bytes, or `null` while it is not whole.
 * @throws MalformedAnswer
 */
export function takeAnswer(
  bytes: Buffer,
  { toHead, ended }: { toHead: boolean; ended: boolean },
): { answer: HttpAnswer; length: number } | null {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const head = parseHead(bytes.toString('latin1', 0, headEnd));
  const start = headEnd + 4;
  const framing = framingOf(head, toHead);
  const whole = (body: Buffer, end: number) => ({ answer: { ...head, framing, body }, length: end });
  switch (framing) {
    case 'none':
      return whole(Buffer.alloc(0), start);
    case 'sized': {
      const end = start + Number(head.headers['content-length']);
      return bytes.length < end ? null : whole(bytes.subarray(start, end), end);
    }
    case 'close':
      return ended ? whole(bytes.subarray(start), bytes.length) : null;
    case 'chunked': {
      const taken = takeChunks(bytes, start);
      return taken === null ? null : whole(taken.body, taken.end);
    }
  }
}

function parseHead(text: string): Head {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const [, version, statusText] = STATUS_LINE.exec(statusLine) ?? [];
  if (version === undefined) throw new MalformedAnswer(`status line ${JSON.stringify(statusLine)}`);
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const [, name, value] = FIELD.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new MalformedAnswer(`field ${JSON.stringify(line)}`);
    const key = name.toLowerCase();
    const before = headers[key];
    headers[key] = before === undefined ? value : `${before}, ${value}`;
  }
  const options = (headers.connection ?? '').toLowerCase().split(/[\t ]*,[\t ]*/);
  const closes = options.includes('close') || (version === '1.0' && !options.includes('keep-alive'));
  return { version, status: Number(statusText), headers, closes };
}

/** RFC 9112, section 6.3; and section 6.1 for where a field that frames must not be. */
function framingOf({ status, headers, closes }: Head, toHead: boolean): HttpAnswer['framing'] {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers;
  if (length !== undefined && encoding !== undefined) throw new MalformedAnswer('two framings in one answer');
  if (length !== undefined && !/^\d{1,15}$/.test(length)) throw new MalformedAnswer(`Content-Length ${length}`);
  if (encoding !== undefined && encoding !== 'chunked') throw new MalformedAnswer(`Transfer-Encoding ${encoding}`);
  if (encoding !== undefined && (status < 200 || status === 204 || status === 304)) {
    throw new MalformedAnswer(`Transfer-Encoding in a ${status}`);
  }
  if (length !== undefined && (status < 200 || status === 204)) {
    throw new MalformedAnswer(`Content-Length in a ${status}`);
  }
  if (toHead || status < 200 || status === 204 || status === 304) return 'none';
  if (encoding !== undefined) return 'chunked';
  if (length !== undefined) return 'sized';
  if (!closes) throw new MalformedAnswer('an answer without an end on a connection that stays open');
  return 'close';
}

function takeChunks(bytes: Buffer, start: number): { body: Buffer; end: number } | null {
  const pieces: Buffer[] = [];
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    const text = bytes.toString('latin1', at, lineEnd);
    if (!CHUNK_SIZE.test(text)) throw new MalformedAnswer(`chunk size ${JSON.stringify(text)}`);
    const size = Number.parseInt(text, 16);
    const dataStart = lineEnd + 2;
    const dataEnd = dataStart + size;
    if (bytes.length < dataEnd + 2) return null;
    if (size === 0) return takeTrailers(bytes, { pieces, at: dataStart });
    if (bytes.toString('latin1', dataEnd, dataEnd + 2) !== EMPTY_LINE) {
      throw new MalformedAnswer('no CRLF after the data of a chunk');
    }
    pieces.push(bytes.subarray(dataStart, dataEnd));
    at = dataEnd + 2;
  }
}

function takeTrailers(
  bytes: Buffer,
  from: { pieces: readonly Buffer[]; at: number },
): { body: Buffer; end: number } | null {
  for (let at = from.at; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    if (lineEnd === at) return { body: Buffer.concat(from.pieces), end: at + 2 };
    const line = bytes.toString('latin1', at, lineEnd);
    if (!FIELD.test(line)) throw new MalformedAnswer(`trailer ${JSON.stringify(line)}`);
    at = lineEnd + 2;
  }
}
