import { ChunkDecoder } from './chunks.ts';
import type { HttpLimits } from './limits.ts';
import { SMALL_BYTES } from './pieces.ts';
import type { Refusal } from './refusal.ts';
import { type BodyHost, RequestBody } from './request-body.ts';
import type { Framing } from './request-head.ts';

export interface BodyReaderOptions {
  readonly limits: HttpLimits;
  readonly host: BodyHost;
  /** Bytes are only lent for a call: what is kept of them must be copied. */
  readonly areBytesLent: boolean;
}

/** Takes the body of one request out of the bytes of its connection. */
export class BodyReader {
  readonly body: RequestBody;
  readonly #chunks: ChunkDecoder | null;
  readonly #areBytesLent: boolean;

  constructor(framing: Exclude<Framing, { kind: 'none' }>, options: BodyReaderOptions) {
    this.body = new RequestBody(framing.kind === 'sized' ? framing.bytes : null, options.host);
    this.#chunks = framing.kind === 'chunked' ? new ChunkDecoder(options.limits) : null;
    this.#areBytesLent = options.areBytesLent;
  }

  /** Announced bytes that have not come; 0 where nobody knows how many there will be. */
  get missing(): number {
    return this.body.length === null ? 0 : this.body.length - this.body.received;
  }

  /** Reads `bytes` from `start` to `end` and returns where the body ends or the bytes do. */
  read(bytes: Buffer, start: number, end: number): number | Refusal {
    const { body } = this;
    if (this.#chunks === null) {
      const to = Math.min(end, start + this.missing);
      if (to > start) this.#keep(bytes, start, to);
      if (this.missing === 0) body.complete();
      else body.handOver();
      return to;
    }
    const progress = this.#chunks.read(bytes, { start, end }, (from, to) => this.#keep(bytes, from, to));
    if ('status' in progress) return progress;
    if (progress.state === 'done') body.complete();
    else body.handOver();
    return progress.at;
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    // A small part of a large buffer would keep all of it.
    if (this.#areBytesLent || to - from < SMALL_BYTES) this.body.pushCopy(bytes, from, to);
    else this.body.push(bytes.subarray(from, to));
  }
}
