import type { ReadableStream } from 'node:stream/web';
import { type InspectOptionsStylized, inspect } from 'node:util';
import { LightBody } from './light-body.ts';
import { NativeRequest } from './native.ts';
import type { RequestSource } from './request-source.ts';
import { inspected, standInFor } from './stand-in.ts';
import { normalUrl } from './url.ts';

/** What the next call of the constructor is for, set just before it; so no argument of the application's can pass for it. */
let nextSource: RequestSource | null = null;
let nextNative: Request | null = null;
let readNative: (value: object, body: 'with its body' | 'without a body') => Request | null;
let readTemplate: (value: LightRequest) => Request;

/**
 * The platform's `Request`. One that a client sent is a view of what the engine has: URL, headers, body and signal are made when they are
 * asked for. One that the application makes itself has a Request of the platform behind it, which does everything.
 */
export class LightRequest {
  readonly #source: RequestSource;
  /** What the application made; `#source` says nothing then. */
  readonly #native: Request | null;
  #url: string | null = null;
  #headers: Headers | null = null;
  #signal: AbortSignal | null = null;
  /** `undefined`: not asked for yet. */
  #body: LightBody | null | undefined;

  // As the platform says; see `standInFor` below.
  declare readonly cache: Request['cache'];
  declare readonly credentials: Request['credentials'];
  declare readonly destination: Request['destination'];
  declare readonly duplex: Request['duplex'];
  declare readonly integrity: string;
  declare readonly keepalive: boolean;
  declare readonly mode: Request['mode'];
  declare readonly redirect: Request['redirect'];
  declare readonly referrer: string;
  declare readonly referrerPolicy: Request['referrerPolicy'];

  constructor(...given: readonly unknown[]) {
    if (nextSource !== null) {
      this.#source = nextSource;
      this.#native = null;
      nextSource = null;
    } else {
      this.#source = NO_SOURCE;
      this.#native = nextNative ?? Reflect.construct(NativeRequest, nativeArguments(given));
      nextNative = null;
    }
  }

  get method(): string {
    return this.#native === null ? this.#source.method : this.#native.method;
  }

  get url(): string {
    if (this.#native !== null) return this.#native.url;
    this.#url ??= normalUrl(this.#source.origin, this.#source.target);
    return this.#url;
  }

  get headers(): Headers {
    if (this.#native !== null) return this.#native.headers;
    this.#headers ??= headersOf(this.#source.fields);
    return this.#headers;
  }

  /** Aborted when the client is gone before it had the whole answer. */
  get signal(): AbortSignal {
    if (this.#native !== null) return this.#native.signal;
    this.#signal ??= signalOf(this.#source);
    return this.#signal;
  }

  get body(): ReadableStream<Uint8Array> | null {
    if (this.#native !== null) return this.#native.body;
    return this.#lightBody()?.stream() ?? null;
  }

  get bodyUsed(): boolean {
    if (this.#native !== null) return this.#native.bodyUsed;
    return this.#lightBody()?.used ?? false;
  }

  clone(): LightRequest {
    if (this.#native !== null) {
      nextNative = this.#native.clone();
      return new LightRequest();
    }
    const body = this.#lightBody()?.clone() ?? null;
    const twin = requestFrom(this.#source);
    twin.#url = this.#url;
    twin.#headers = this.#headers === null ? null : new Headers(this.#headers);
    twin.#body = body;
    return twin;
  }

  async text(): Promise<string> {
    if (this.#native !== null) return await this.#native.text();
    return await this.#bodyOrEmpty().text();
  }

  async json(): Promise<unknown> {
    if (this.#native !== null) return await this.#native.json();
    return await this.#bodyOrEmpty().json();
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    if (this.#native !== null) return await this.#native.arrayBuffer();
    return (await this.#bodyOrEmpty().bytes()).buffer;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.arrayBuffer());
  }

  async blob(): Promise<Blob> {
    if (this.#native !== null) return await this.#native.blob();
    return await this.#bodyOrEmpty().blob(this.headers.get('content-type'));
  }

  async formData(): Promise<FormData> {
    if (this.#native !== null) return await this.#native.formData();
    return await this.#bodyOrEmpty().formData(this.headers.get('content-type'));
  }

  [inspect.custom](_depth: number, options: InspectOptionsStylized): string {
    const { method, url, headers, bodyUsed } = this;
    return inspected('Request', { method, url, headers, bodyUsed }, options);
  }

  /** As for the platform, GET and HEAD have no body, even if the client sent one. */
  #lightBody(): LightBody | null {
    if (this.#body === undefined) {
      const { body, method } = this.#source;
      this.#body = body === null || method === 'GET' || method === 'HEAD' ? null : new LightBody(body);
    }
    return this.#body;
  }

  #bodyOrEmpty(): LightBody {
    return this.#lightBody() ?? new LightBody('');
  }

  #toNative(withBody: 'with its body' | 'without a body'): Request {
    if (this.#native !== null) return this.#native;
    const { method, url, headers, signal } = this;
    const body = withBody === 'with its body' ? this.body : null;
    return new NativeRequest(url, { method, headers, signal, ...(body === null ? {} : { body, duplex: 'half' }) });
  }

  static {
    readNative = (value, body) => (#source in value ? value.#toNative(body) : null);
    readTemplate = (value) => value.#native ?? templateRequest();
  }
}

/** The Request for what a client sent. Costs no more than an object until the application asks for something. */
export function requestFrom(source: RequestSource): LightRequest {
  nextSource = source;
  return new LightRequest();
}

/**
 * A Request of the platform for one of ours, for code that takes no other; anything else is returned as it is. They share the body.
 *
 * @throws TypeError if the body is used, or for the methods CONNECT, TRACE and TRACK, which the platform does not know.
 */
export function toNative<Input>(input: Input): Input | Request {
  if (typeof input !== 'object' || input === null) return input;
  return readNative(input, 'with its body') ?? input;
}

/**
 * What a Request is made of, or `fetch()` is called with, for the platform. A body of the init stands in for that of the input, which may
 * be used or locked then.
 */
export function nativeArguments(given: readonly unknown[]): readonly unknown[] {
  const [input, init] = given;
  if (typeof input !== 'object' || input === null) return given;
  const hasBody = typeof init === 'object' && init !== null && 'body' in init && (init.body ?? null) !== null;
  const native = readNative(input, hasBody ? 'without a body' : 'with its body');
  return native === null ? given : [native, ...given.slice(1)];
}

const NO_SOURCE: RequestSource = { method: 'GET', origin: '', target: '', fields: [], body: null, onAbort: () => {} };

function headersOf(fields: readonly string[]): Headers {
  const headers = new Headers();
  for (let at = 0; at < fields.length; at += 2) headers.append(fields[at] ?? '', fields[at + 1] ?? '');
  return headers;
}

function signalOf(source: RequestSource): AbortSignal {
  const controller = new AbortController();
  source.onAbort(() => controller.abort());
  return controller.signal;
}

let template: Request | null = null;

function templateRequest(): Request {
  template ??= new NativeRequest('http://localhost/');
  return template;
}

standInFor(LightRequest, NativeRequest, {
  length: 1,
  property: (request) => readTemplate(request),
  method: (request) => toNative(request),
});
