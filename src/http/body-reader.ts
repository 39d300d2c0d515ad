import { ChunkDecoder } from './chunks.ts';
import type { HttpLimits } from './limits.ts';
import type { Refusal } from './refusal.ts';
import { type BodyHost, RequestBody } from './request-body.ts';
import type { Framing } from './request-head.ts';

/** Takes the body of one request out of the bytes of its connection. */
export class BodyReader {
  readonly body: RequestBody;
  readonly #chunks: ChunkDecoder | null;

  constructor(framing: Exclude<Framing, { kind: 'none' }>, options: { limits: HttpLimits; host: BodyHost }) {
    this.body = new RequestBody(framing.kind === 'sized' ? framing.bytes : null, options.host);
    this.#chunks = framing.kind === 'chunked' ? new ChunkDecoder(options.limits) : null;
  }

  /** Announced bytes that have not come; 0 where nobody knows how many there will be. */
  get missing(): number {
    return this.body.length === null ? 0 : this.body.length - this.body.received;
  }

  /**
   * Reads `bytes` from `start` to `end` and returns where the body ends or the bytes do. `own` gives the body a piece that it may keep.
   */
  read(
    bytes: Buffer,
    range: { start: number; end: number },
    own: (from: number, to: number) => Uint8Array,
  ): number | Refusal {
    const { start, end } = range;
    const { body } = this;
    if (this.#chunks === null) {
      const to = Math.min(end, start + this.missing);
      if (to > start) body.push(own(start, to));
      if (this.missing === 0) body.complete();
      return to;
    }
    const progress = this.#chunks.read(bytes, range, (from, to) => body.push(own(from, to)));
    if ('status' in progress) return progress;
    if (progress.state === 'done') body.complete();
    return progress.at;
  }
}
