/**
 * What a worker and a Python process say to each other: frames with a header of 16 bytes, little endian: length of the payload (u32), kind
 * (u8), flags (u8), slot (u16), id of the request (u32), and a number of the frame's own (u32). `host.py` has the same table.
 */

export const HEADER_BYTES = 16;
/** A payload that claims to be longer comes from a broken peer. */
export const MOST_PAYLOAD_BYTES = 1024 * 1024;
/** The most of a body that is on its way, in either direction, without the other side having asked for more. */
export const WINDOW_BYTES = 256 * 1024;
/** Templates that a Python process holds. */
export const SLOTS = 256;

/** From the worker. */
export const kindTo = { template: 1, request: 2, body: 3, gone: 4, credit: 5 } as const;
/** From the Python process. */
export const kindFrom = {
  hello: 16,
  ready: 17,
  answer: 18,
  piece: 19,
  want: 20,
  hints: 21,
  failed: 22,
  /** The process is done with a request whose answer was whole before. */
  free: 23,
  /** The process leaves: what it has not answered it has not begun, and will not. Its number is that of the signal that asked for it, or 0. */
  leaving: 24,
} as const;

/** Of `request`: the body goes on in `body` frames. */
export const MORE = 1;
/** Of `body`: nothing follows. Of `answer` and `piece`: the answer is whole. */
export const LAST = 1;
/** Of `answer` and `piece`, with `LAST`: the application still runs, for example in `close()`; `free` follows. */
export const BUSY = 2;

/** A frame's header but for the length. */
export interface FrameHeader {
  readonly kind: number;
  readonly flags?: number;
  readonly slot?: number;
  readonly id?: number;
  readonly aux?: number;
}

/** Writes a header at `at`; the payload of `length` bytes follows. */
export function writeHeader(
  into: Buffer,
  at: number,
  { kind, flags = 0, slot = 0, id = 0, aux = 0 }: FrameHeader,
  length: number,
): void {
  into.writeUInt32LE(length, at);
  into[at + 4] = kind;
  into[at + 5] = flags;
  into.writeUInt16LE(slot, at + 6);
  into.writeUInt32LE(id, at + 8);
  into.writeUInt32LE(aux, at + 12);
}

/** A frame that came, and where its payload lies. One object for all frames, and the bytes are lent: valid only within the call. */
export interface Frame {
  kind: number;
  flags: number;
  id: number;
  aux: number;
  bytes: Buffer;
  begin: number;
  end: number;
}

/** What came is no frame. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

const NOTHING = Buffer.alloc(0);

/** Takes frames out of bytes, however they are split. */
export class FrameReader {
  /** The pieces of a frame that is not whole. */
  #pieces: Buffer[] = [];
  #held = 0;
  /** How many bytes have to be there before a look is worth it. */
  #needed = HEADER_BYTES;
  readonly #frame: Frame = { kind: 0, flags: 0, id: 0, aux: 0, bytes: NOTHING, begin: 0, end: 0 };

  /**
   * Gives every frame that is whole in the first `length` bytes to `take`. The bytes are lent; of a frame that is not whole they are copied.
   *
   * @throws FrameError where a payload claims to be too long
   */
  read(bytes: Buffer, length: number, take: (frame: Frame) => void): void {
    if (this.#held === 0) return this.#keep(bytes, this.#takeAll(bytes, length, take), length);
    this.#keep(bytes, 0, length);
    if (this.#held < this.#needed) return;
    const all = Buffer.concat(this.#pieces, this.#held);
    this.#pieces = [];
    this.#held = 0;
    this.#keep(all, this.#takeAll(all, all.length, take), all.length);
  }

  #keep(bytes: Buffer, at: number, end: number): void {
    if (at === end) return;
    this.#pieces.push(Buffer.from(bytes.subarray(at, end)));
    this.#held += end - at;
  }

  /** Returns where the frame begins that is not whole. */
  #takeAll(bytes: Buffer, end: number, take: (frame: Frame) => void): number {
    let at = 0;
    this.#needed = HEADER_BYTES;
    while (end - at >= HEADER_BYTES) {
      const length = bytes.readUInt32LE(at);
      if (length > MOST_PAYLOAD_BYTES) throw new FrameError(`a frame of ${length} bytes`);
      const begin = at + HEADER_BYTES;
      if (end - begin < length) {
        this.#needed = HEADER_BYTES + length;
        return at;
      }
      at = begin + length;
      const frame = this.#frame;
      frame.kind = bytes[begin - 12] ?? 0;
      frame.flags = bytes[begin - 11] ?? 0;
      frame.id = bytes.readUInt32LE(begin - 8);
      frame.aux = bytes.readUInt32LE(begin - 4);
      frame.bytes = bytes;
      frame.begin = begin;
      frame.end = at;
      take(frame);
    }
    return at;
  }
}
