import type { ReadableStream } from 'node:stream/web';
import { type Fields, fieldsOfHeaders, JSON_FIELDS, NO_FIELDS, TEXT_FIELDS } from './fields.ts';
import type { RawBody } from './light-body.ts';
import { answerOfLight } from './light-response.ts';
import { NativeResponse } from './native.ts';

/** What is to be sent for a response. */
export interface Answer {
  /** 200 to 599. */
  readonly status: number;
  /** Empty: the usual phrase, or none. */
  readonly statusText: string;
  /** Names in lower case and values (latin1), alternating, checked; Set-Cookie fields stay apart. */
  readonly fields: Fields;
  /** A string is to be sent as UTF-8. Bytes are the application's own, not a copy. A stream has no reader yet. */
  readonly body: RawBody | ReadableStream<Uint8Array> | null;
}

const texts = new Map<Fields, string>(
  [NO_FIELDS, TEXT_FIELDS, JSON_FIELDS].map((fields) => [fields, rendered(fields)]),
);

/**
 * What to send for whatever an application answered with: a Response of ours, of the platform, or of another copy of the platform's code,
 * such as the undici package or another realm. `null` if it is none of these. The response's body is used up by it.
 *
 * @throws TypeError if the response cannot be sent: its body is used or locked, or it is `Response.error()`.
 */
export function answerOf(response: unknown): Answer | null {
  if (typeof response !== 'object' || response === null) return null;
  const answer = answerOfLight(response) ?? answerOfWrapped(response);
  if (answer !== null) return answer;
  if (response instanceof NativeResponse) return answerOfNative(response);
  return isForeign(response) ? answerOfNative(nativeOf(response)) : null;
}

/** The fields of an answer as lines that end in CRLF; for the lists that most answers share it costs a look-up. */
export function fieldLines(fields: Fields): string {
  return texts.get(fields) ?? rendered(fields);
}

function rendered(fields: Fields): string {
  let text = '';
  for (let at = 0; at < fields.length; at += 2) text += `${fields[at]}: ${fields[at + 1]}\r\n`;
  return text;
}

/**
 * srvx, and so H3, wraps a Response of the class that was global when it was loaded: one of ours. Going through the wrapper's `body` would
 * make a stream of the platform, 20 µs instead of one.
 */
function answerOfWrapped(response: object): Answer | null {
  const wrapped: unknown = Reflect.get(response, '_response');
  return typeof wrapped === 'object' && wrapped !== null ? answerOfLight(wrapped) : null;
}

/** What a response of another's making must have. */
interface Foreign {
  readonly status: unknown;
  readonly statusText: unknown;
  readonly headers: Iterable<unknown>;
  readonly body: unknown;
}

function isForeign(value: object): value is Foreign {
  if (Reflect.get(value, Symbol.toStringTag) !== 'Response') return false;
  const headers: unknown = Reflect.get(value, 'headers');
  return typeof headers === 'object' && headers !== null && Symbol.iterator in headers && 'body' in value;
}

/** Nobody has checked it: its fields may hold line breaks, its body may be any iterable. The platform checks and converts. */
function nativeOf({ status, statusText, headers, body }: Foreign): Response {
  return Reflect.construct(NativeResponse, [body, { status, statusText, headers: [...headers] }]);
}

function answerOfNative(response: Response): Answer {
  if (response.type === 'error')
    throw new TypeError('Response.error() cannot be sent. Answer with a status of its own.');
  const { body, status, statusText } = response;
  if (response.bodyUsed || body?.locked === true) {
    throw new TypeError(
      'The body of the response was read already, so there is nothing to send. Answer with a clone().',
    );
  }
  return { status, statusText, fields: fieldsOfHeaders(response.headers), body };
}
