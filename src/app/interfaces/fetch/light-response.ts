import type { ReadableStream } from 'node:stream/web';
import { type InspectOptionsStylized, inspect } from 'node:util';
import type { Answer } from './answer.ts';
import { bodyOfInit } from './body-init.ts';
import {
  type Fields,
  fieldsOfHeaders,
  fieldsOfInit,
  fieldValue,
  JSON_FIELDS,
  JSON_TYPE,
  NO_FIELDS,
  TEXT_FIELDS,
  TEXT_TYPE,
} from './fields.ts';
import { LightBody, type RawBody } from './light-body.ts';
import { NativeResponse } from './native.ts';
import { inspected, standInFor } from './stand-in.ts';

/** `error` is what `Response.error()` makes; the headers of `fixed` cannot be changed (`Response.redirect()`). */
type Kind = 'default' | 'fixed' | 'error';

let readAnswer: (value: object) => Answer | null;

/**
 * The platform's `Response`, made for being sent: `new Response('Hello')` stores the string and points to a list of fields that all such
 * answers share. Headers, streams and everything else of the platform's are made when they are asked for. Whatever is unusual is checked,
 * converted or refused by the platform's own class.
 */
export class LightResponse {
  #status = 200;
  #statusText = '';
  #fields: Fields = NO_FIELDS;
  /** What the application got from `headers`; from then on it counts instead of `#fields`. */
  #headers: Headers | null = null;
  #body: RawBody | LightBody | null = null;
  #kind: Kind = 'default';

  // As the platform's says; see `standInFor` below.
  declare readonly url: string;
  declare readonly redirected: boolean;

  constructor(body?: unknown, init?: ResponseInit) {
    if (init !== undefined) this.#start(init);
    if (typeof body === 'string') {
      this.#body = body;
      if (this.#fields === NO_FIELDS) this.#fields = TEXT_FIELDS;
      else this.#setDefaultType(TEXT_TYPE);
    } else if (body !== null && body !== undefined) {
      const made = bodyOfInit(body);
      this.#body = made.body;
      if (made.type !== null) this.#setDefaultType(made.type);
    }
    if (this.#body !== null && this.#status !== 200) this.#refuseBodyOfNullStatus();
  }

  get type(): Response['type'] {
    return this.#kind === 'error' ? 'error' : 'default';
  }

  get status(): number {
    return this.#status;
  }

  get ok(): boolean {
    return this.#status >= 200 && this.#status <= 299;
  }

  get statusText(): string {
    return this.#statusText;
  }

  get headers(): Headers {
    this.#headers ??= headersOf(this.#fields, this.#kind);
    return this.#headers;
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#lightBody()?.stream() ?? null;
  }

  get bodyUsed(): boolean {
    return this.#body instanceof LightBody && this.#body.used;
  }

  clone(): LightResponse {
    const twin = new LightResponse();
    if (this.#body !== null) twin.#body = this.#body instanceof LightBody ? this.#body.clone() : this.#body;
    twin.#status = this.#status;
    twin.#statusText = this.#statusText;
    twin.#fields = this.#currentFields();
    twin.#kind = this.#kind;
    return twin;
  }

  async text(): Promise<string> {
    return await this.#bodyOrEmpty().text();
  }

  async json(): Promise<unknown> {
    return await this.#bodyOrEmpty().json();
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.#bodyOrEmpty().bytes()).buffer;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return await this.#bodyOrEmpty().bytes();
  }

  async blob(): Promise<Blob> {
    return await this.#bodyOrEmpty().blob(this.#contentType());
  }

  async formData(): Promise<FormData> {
    return await this.#bodyOrEmpty().formData(this.#contentType());
  }

  [inspect.custom](_depth: number, options: InspectOptionsStylized): string {
    const { status, statusText, headers, bodyUsed } = this;
    return inspected('Response', { status, statusText, headers, bodyUsed }, options);
  }

  /** Status, status text and fields; for anything that is not plainly right the platform decides. */
  #start(init: ResponseInit): void {
    if (typeof init !== 'object' || init === null) return this.#startUnusual(init);
    const { status, statusText, headers } = init;
    const fields = headers === undefined ? NO_FIELDS : fieldsOfInit(headers);
    if (fields === null) return this.#startUnusual(init);
    if (status !== undefined) {
      if (!Number.isInteger(status) || status < 200 || status > 599) return this.#startUnusual(init);
      this.#status = status;
    }
    if (statusText !== undefined && statusText !== '') {
      if (typeof statusText !== 'string' || !/^[ -~]*$/.test(statusText)) return this.#startUnusual(init);
      this.#statusText = statusText;
    }
    this.#fields = fields;
  }

  #startUnusual(init: ResponseInit): void {
    const native = new NativeResponse(null, init);
    this.#status = native.status;
    this.#statusText = native.statusText;
    this.#fields = fieldsOfHeaders(native.headers);
  }

  #setDefaultType(type: string): void {
    if (fieldValue(this.#fields, 'content-type') !== null) return;
    this.#fields = [...this.#fields, 'content-type', type];
  }

  #refuseBodyOfNullStatus(): void {
    const status = this.#status;
    if (status !== 204 && status !== 205 && status !== 304) return;
    throw new TypeError(`A response with status ${status} cannot have a body.`);
  }

  #lightBody(): LightBody | null {
    const body = this.#body;
    if (body === null || body instanceof LightBody) return body;
    const made = new LightBody(body);
    this.#body = made;
    return made;
  }

  #bodyOrEmpty(): LightBody {
    return this.#lightBody() ?? new LightBody('');
  }

  #currentFields(): Fields {
    return this.#headers === null ? this.#fields : fieldsOfHeaders(this.#headers);
  }

  #contentType(): string | null {
    return this.#headers === null ? fieldValue(this.#fields, 'content-type') : this.#headers.get('content-type');
  }

  static json(data: unknown, init?: ResponseInit): LightResponse {
    const text: string | undefined = JSON.stringify(data);
    if (text === undefined) throw new TypeError('Response.json() needs a value that JSON can express.');
    const response = init === undefined ? new LightResponse() : new LightResponse(null, init);
    response.#body = text;
    if (response.#fields === NO_FIELDS) response.#fields = JSON_FIELDS;
    else response.#setDefaultType(JSON_TYPE);
    response.#refuseBodyOfNullStatus();
    return response;
  }

  static error(): LightResponse {
    const response = new LightResponse();
    response.#status = 0;
    response.#kind = 'error';
    return response;
  }

  static redirect(url: string | URL, status = 302): LightResponse {
    const response = new LightResponse();
    response.#kind = 'fixed';
    const location = REDIRECTS.has(status) ? hrefOf(url) : null;
    if (location === null) {
      const native = Reflect.apply(NativeResponse.redirect, NativeResponse, [url, status]);
      response.#status = native.status;
      response.#fields = fieldsOfHeaders(native.headers);
    } else {
      response.#status = status;
      response.#fields = ['location', location];
    }
    return response;
  }

  static {
    readAnswer = (value) => (#status in value ? value.#answer() : null);
  }

  /** What is to be sent; the body is used up by it. */
  #answer(): Answer {
    if (this.#kind === 'error')
      throw new TypeError('Response.error() cannot be sent. Answer with a status of its own.');
    const body = this.#body;
    const fields = this.#headers === null ? this.#fields : fieldsOfHeaders(this.#headers);
    const answer = { status: this.#status, statusText: this.#statusText, fields, body: null };
    if (body === null) return answer;
    if (body instanceof LightBody) return { ...answer, body: body.takeForSending() };
    this.#body = SPENT;
    return { ...answer, body };
  }
}

/**
 * What a response of ours says to send, or `null` for any other value. Uses the body up.
 *
 * @throws TypeError for `Response.error()`, and for a body that is used or locked.
 */
export function answerOfLight(value: object): Answer | null {
  return readAnswer(value);
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const SPENT = LightBody.spent();

function hrefOf(url: string | URL): string | null {
  const text = String(url);
  return URL.canParse(text) ? new URL(text).href : null;
}

function headersOf(fields: Fields, kind: Kind): Headers {
  if (kind === 'fixed') return NativeResponse.redirect(fieldValue(fields, 'location') ?? '', 302).headers;
  if (kind === 'error') return NativeResponse.error().headers;
  const headers = new Headers();
  for (let at = 0; at < fields.length; at += 2) headers.append(fields[at] ?? '', fields[at + 1] ?? '');
  return headers;
}

const template = new NativeResponse();
standInFor(LightResponse, NativeResponse, {
  length: 0,
  property: ({ type }) => (type === 'error' ? NativeResponse.error() : template),
  method: (response) => new NativeResponse(response.body, response),
});
