import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { toUSVString } from 'node:util';
import { NativeResponse } from './native.ts';
import type { BodySource } from './request-source.ts';

/** What a body can be while nobody looked into it. A string stands for its UTF-8 bytes. */
export type RawBody = string | Uint8Array | Blob;

/** What a consumer of the platform needs beside the body itself, for `blob()` and `formData()`. */
type ContentType = string | null;

const utf8 = new TextDecoder();
// It takes web streams too, which Node's types do not say.
const streams: { isDisturbed(stream: object): boolean } = Readable;

/**
 * A body that is there, for a Request or a Response: read once, by one of the methods or through {@link LightBody.stream}. Nothing is
 * copied and no stream is made before somebody asks for it.
 */
export class LightBody {
  #content: RawBody | BodySource | null;
  #stream: ReadableStream<Uint8Array> | null = null;
  #used = false;

  /** @param content what is to be read; `null` if `stream` is given. */
  constructor(content: RawBody | BodySource | null, stream: ReadableStream<Uint8Array> | null = null) {
    this.#content = content;
    this.#stream = stream;
  }

  /** A body that somebody has read. */
  static spent(): LightBody {
    const body = new LightBody(null);
    body.#used = true;
    return body;
  }

  /** The platform's `bodyUsed`. */
  get used(): boolean {
    return this.#stream === null ? this.#used : streams.isDisturbed(this.#stream);
  }

  /** Whether no consumer may have it any more: used, or a reader holds it. */
  get unusable(): boolean {
    return this.#stream === null ? this.#used : this.#stream.locked || streams.isDisturbed(this.#stream);
  }

  /** The platform's `body`; after a consumer had the body, a stream that is locked and at its end. */
  stream(): ReadableStream<Uint8Array> {
    this.#stream ??= this.#used ? spentStream() : openStream(this.#content);
    return this.#stream;
  }

  /**
   * Gives the body away, as it is; afterwards it is used up. A stream is given as it is, and is used as soon as its new owner reads it.
   *
   * @throws TypeError if it is used or locked.
   */
  take(): RawBody | BodySource | ReadableStream<Uint8Array> {
    if (this.unusable) throw new TypeError('Body is unusable: it was read already, or something else is reading it.');
    if (this.#stream !== null) return this.#stream;
    const content = this.#content;
    if (content === null) throw new TypeError('Body is unusable: it has neither content nor stream.');
    this.#used = true;
    this.#content = null;
    return content;
  }

  /** As {@link take}, for an answer: what no consumer has had yet goes on as a stream. */
  takeForSending(): RawBody | ReadableStream<Uint8Array> {
    const content = this.take();
    return isSource(content) ? content.stream() : content;
  }

  /** A second body of the same content. @throws TypeError if it is used or locked. */
  clone(): LightBody {
    if (this.unusable) throw new TypeError('Body is unusable, and so cannot be cloned: it was read already.');
    if (this.#stream === null && isRaw(this.#content)) return new LightBody(this.#content);
    const [mine, other] = this.stream().tee();
    this.#stream = mine;
    return new LightBody(null, other);
  }

  async text(): Promise<string> {
    const content = this.take();
    if (typeof content === 'string') return withoutByteOrderMark(toUSVString(content));
    return utf8.decode(await readAll(content));
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  /** Bytes that are the caller's alone, in a buffer of their own. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const content = this.take();
    if (typeof content === 'string') return new TextEncoder().encode(content);
    const bytes = await readAll(content);
    return content instanceof Uint8Array ? new Uint8Array(bytes) : ownBytes(bytes);
  }

  async blob(type: ContentType): Promise<Blob> {
    return await this.#native(type).then((native) => native.blob());
  }

  async formData(type: ContentType): Promise<FormData> {
    return await this.#native(type).then((native) => native.formData());
  }

  /** The platform reads content types and multipart better than we would; nobody is fast with these. */
  async #native(type: ContentType): Promise<Response> {
    const content = this.take();
    const body = isSource(content) ? ownBytes(await content.bytes()) : content;
    return new NativeResponse(body, type === null ? {} : { headers: { 'content-type': type } });
  }
}

type Content = RawBody | BodySource | ReadableStream<Uint8Array>;

function isRaw(content: Content | null): content is RawBody {
  return typeof content === 'string' || content instanceof Uint8Array || content instanceof Blob;
}

function isStream(content: Content): content is ReadableStream<Uint8Array> {
  return content instanceof ReadableStream;
}

function isSource(content: Content): content is BodySource {
  return !isRaw(content) && !isStream(content);
}

async function readAll(content: Exclude<Content, string>): Promise<Uint8Array> {
  if (content instanceof Uint8Array) return content;
  if (isSource(content)) return await content.bytes();
  return new Uint8Array(await new NativeResponse(content).arrayBuffer());
}

/** An engine may hand out a piece of a larger buffer; an application may look at `.buffer`, which must be just the body. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== bytes.byteLength) return new Uint8Array(bytes);
  return bytes.constructor === Uint8Array && isPlain(bytes) ? bytes : new Uint8Array(buffer);
}

function isPlain(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}

function withoutByteOrderMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

function openStream(content: RawBody | BodySource | null): ReadableStream<Uint8Array> {
  if (content !== null && isSource(content)) return content.stream();
  return bodyOf(new NativeResponse(content));
}

function spentStream(): ReadableStream<Uint8Array> {
  const stream = bodyOf(new NativeResponse(''));
  // Held for ever, as the platform does after text() and its kind.
  stream
    .getReader()
    .read()
    .catch(() => {});
  return stream;
}

function bodyOf(native: Response): ReadableStream<Uint8Array> {
  const { body } = native;
  if (body === null) throw new TypeError('A Response of the platform has lost its body.');
  return body;
}
