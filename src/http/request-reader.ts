import { BodyReader } from './body-reader.ts';
import { HeadReader, type RequestHead } from './head-reader.ts';
import type { HttpLimits } from './limits.ts';
import { type Origin, type OriginOf, rememberOrigin } from './origin.ts';
import type { Peer } from './peer.ts';
import { type Refusal, refusal } from './refusal.ts';
import type { BodyHost, RequestBody } from './request-body.ts';

/** A request whose head is whole. Its body may still come. */
export interface IncomingRequest {
  readonly head: RequestHead;
  readonly origin: Origin;
  /** `null`: it has none. */
  readonly body: RequestBody | null;
}

export interface RequestReaderOptions {
  readonly limits: HttpLimits;
  readonly originOf: OriginOf;
  readonly peer: Peer;
  /** Bytes are only lent for a call: what is kept of them must be copied. */
  readonly areBytesLent: boolean;
  readonly bodyHost: BodyHost;
}

/** Takes one request after the other out of the bytes of a connection. */
export class RequestReader {
  /** Heads that were whole. */
  requests = 0;
  /** The client waits for `100 Continue` before it sends the body. */
  owesContinue = false;
  readonly #heads: HeadReader;
  readonly #options: RequestReaderOptions;
  readonly #originOf: (fields: readonly string[]) => Origin | Refusal;
  /** Of a body that has not come to its end. */
  #bodyReader: BodyReader | null = null;

  constructor(options: RequestReaderOptions) {
    this.#options = options;
    this.#heads = new HeadReader(options.limits);
    this.#originOf = rememberOrigin(options.originOf, options.peer);
  }

  get isWithinHead(): boolean {
    return this.#heads.isUnderWay;
  }

  /** The body that is being read; `null`: none is. */
  get body(): RequestBody | null {
    return this.#bodyReader?.body ?? null;
  }

  /** Announced bytes of that body that have not come, 0 where nobody knows how many; `null`: none is being read. */
  get missingBytes(): number | null {
    return this.#bodyReader?.missing ?? null;
  }

  readHead(bytes: Buffer, start: number, end: number): { at: number; request: IncomingRequest | null } | Refusal {
    const progress = this.#heads.read(bytes, start, end);
    if ('status' in progress) return progress;
    if (progress.head === null) return { at: progress.at, request: null };
    const request = this.#begin(progress.head);
    return 'status' in request ? request : { at: progress.at, request };
  }

  /** Returns where the body ends or the bytes do. */
  readBody(bytes: Buffer, start: number, end: number): number | Refusal {
    const reader = this.#bodyReader;
    if (reader === null) return start;
    const at = reader.read(bytes, start, end);
    if (reader.body.received > 0) this.owesContinue = false;
    if (reader.body.isSettled) this.#bodyReader = null;
    return at;
  }

  #begin(head: RequestHead): IncomingRequest | Refusal {
    this.requests += 1;
    const { framing, list, expectsContinue } = head.fields;
    const { limits, bodyHost, areBytesLent } = this.#options;
    const origin = this.#originOf(list);
    if ('status' in origin) return origin;
    if (framing.kind === 'none') return { head, origin, body: null };
    if (framing.kind === 'sized' && limits.maxBodyBytes !== null && framing.bytes > limits.maxBodyBytes) {
      return refusal(413, 'announced body too large');
    }
    this.#bodyReader = new BodyReader(framing, { limits, host: bodyHost, areBytesLent });
    this.owesContinue = expectsContinue && head.line.minorVersion === 1;
    return { head, origin, body: this.#bodyReader.body };
  }
}
