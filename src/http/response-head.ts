import { FIELD_VALUE, TOKEN } from './grammar.ts';

/** An application gave a head that must not be sent. The message is for the log. */
export class InvalidResponse extends Error {
  override readonly name = 'InvalidResponse';
}

/** The fields of an application, checked and written out. */
export interface RenderedFields {
  readonly text: string;
  /** What the application announces; `null`: nothing. */
  readonly contentLength: number | null;
  readonly closes: boolean;
  readonly hasDate: boolean;
  readonly hasServer: boolean;
}

/** How an answer's body is delimited. `none`: HEAD, 204, 304. `close`: HTTP/1.0, by the end of the connection. */
export type BodyPlan =
  | { readonly kind: 'none' }
  | { readonly kind: 'sized'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' };

/** Fields that are the server's business, or say something about one connection only (RFC 9110, section 7.6.1): the application's are left out. */
const OURS: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'te', 'trailer'],
]);

let lastFields: readonly string[] = [];
let lastRendered: RenderedFields | null = null;

/**
 * Checks and writes out names and values, alternating. The last list is remembered: an application gives the same ones again and again.
 *
 * @throws InvalidResponse where a name is no token, a value holds a control character, or Content-Length is no number.
 */
export function renderFields(fields: readonly string[]): RenderedFields {
  if (lastRendered !== null && areSame(fields, lastFields)) return lastRendered;
  const made = { text: '', contentLength: null as number | null, closes: false, hasDate: false, hasServer: false };
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? '';
    const value = fields[index + 1] ?? '';
    if (!TOKEN.test(name))
      throw new InvalidResponse(`the name of a response field is no token: ${JSON.stringify(name)}`);
    if (!FIELD_VALUE.test(value)) {
      throw new InvalidResponse(`the response field ${name} holds a character that no field may hold`);
    }
    const lower = name.toLowerCase();
    if (lower === 'content-length') {
      if (!/^\d{1,15}$/.test(value)) throw new InvalidResponse(`Content-Length is no number: ${JSON.stringify(value)}`);
      if (made.contentLength !== null) throw new InvalidResponse('Content-Length twice');
      made.contentLength = Number(value);
      continue;
    }
    if (lower === 'date') made.hasDate = true;
    else if (lower === 'server') made.hasServer = true;
    else if (lower === 'connection') made.closes ||= /(^|,)[ \t]*close[ \t]*(,|$)/i.test(value);
    if (!OURS.has(lower)) made.text += `${name}: ${value}\r\n`;
  }
  lastFields = fields;
  lastRendered = made;
  return made;
}

function areSame(fields: readonly string[], others: readonly string[]): boolean {
  if (fields === others) return true;
  if (fields.length !== others.length) return false;
  for (let index = 0; index < fields.length; index += 1) if (fields[index] !== others[index]) return false;
  return true;
}

/** What an answer is to say, and in what surroundings. */
export interface ResponseHead {
  readonly status: number;
  /** The reason phrase; `''` where there is none. */
  readonly reason: string;
  readonly fields: RenderedFields;
}

/** How the body of an answer is delimited. `length`: that of the body, `null` where nobody knows it yet. */
export function planBody(
  { status, fields }: ResponseHead,
  request: { readonly method: string; readonly minorVersion: 0 | 1 },
  length: number | null,
): BodyPlan {
  if (request.method === 'HEAD' || status === 204 || status === 304) return { kind: 'none' };
  const bytes = fields.contentLength ?? length;
  if (bytes !== null) return { kind: 'sized', bytes };
  return request.minorVersion === 1 ? { kind: 'chunked' } : { kind: 'close' };
}

/** The field that tells a plan, with its line end. An answer to HEAD says what GET would have said, where that is known. */
export function framingText(plan: BodyPlan, { status, fields }: ResponseHead, length: number | null): string {
  switch (plan.kind) {
    case 'sized':
      return `Content-Length: ${plan.bytes}\r\n`;
    case 'chunked':
      return 'Transfer-Encoding: chunked\r\n';
    case 'none': {
      const bytes = fields.contentLength ?? (status === 304 || length === 0 ? null : length);
      return status === 204 || bytes === null ? '' : `Content-Length: ${bytes}\r\n`;
    }
    case 'close':
      return '';
  }
}

/** All that a head is written from. */
export interface HeadParts {
  readonly head: ResponseHead;
  readonly plan: BodyPlan;
  /** Of the body, `null` where nobody knows it yet. */
  readonly length: number | null;
  /** `Date` and `Server`. */
  readonly standing: string;
  /** The field `Connection`, or nothing. */
  readonly connection: string;
}

let lastParts: HeadParts | null = null;
let lastText = '';

/** The head as text, with the empty line. The last one is remembered: the next answer of the same route mostly has it too. */
export function headText(parts: HeadParts): string {
  if (lastParts !== null && haveSameText(parts, lastParts)) return lastText;
  const { head, plan, length, standing, connection } = parts;
  const framing = framingText(plan, head, length);
  lastText = `HTTP/1.1 ${head.status} ${head.reason}\r\n${head.fields.text}${framing}${standing}${connection}\r\n`;
  lastParts = parts;
  return lastText;
}

function haveSameText(parts: HeadParts, others: HeadParts): boolean {
  const { head, plan } = parts;
  return (
    head.fields === others.head.fields &&
    head.status === others.head.status &&
    plan.kind === others.plan.kind &&
    parts.length === others.length &&
    parts.standing === others.standing &&
    parts.connection === others.connection &&
    head.reason === others.head.reason
  );
}
