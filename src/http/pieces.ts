import { ownedCopy } from './owned-copy.ts';

/** Below it, a piece is copied behind the one before: as an entry of its own, a byte would take a hundred times its size. */
export const SMALL_BYTES = 4096;
const LEAST_ROOM_BYTES = 512;
const MOST_ROOM_BYTES = 65_536;

/** Bytes that wait for a reader, in order. Small pieces lie one behind the other in a block that grows, large ones stay as they came. */
export class Pieces {
  /** All that wait. */
  bytes = 0;
  /** Those that are complete: nothing is written into them any more. */
  #whole: Uint8Array[] = [];
  /** Stands behind `#whole`; small pieces are copied into what is free of it. */
  #block: Buffer | null = null;
  #used = 0;

  /** Takes a piece, which must be its own from now on. */
  add(piece: Uint8Array): void {
    if (piece.length < SMALL_BYTES && this.#append(piece, 0, piece.length)) return;
    this.#seal();
    this.#whole.push(piece);
    this.bytes += piece.length;
  }

  /** Copies what `bytes` hold from `from` to `to`. */
  copy(bytes: Buffer, from: number, to: number): void {
    if (to - from < SMALL_BYTES && this.#append(bytes, from, to)) return;
    this.#seal();
    this.#whole.push(ownedCopy(bytes, from, to));
    this.bytes += to - from;
  }

  /** The first piece; `null`: nothing waits. */
  take(): Uint8Array | null {
    if (this.#whole.length === 0) this.#seal();
    const piece = this.#whole.shift();
    if (piece === undefined) return null;
    this.bytes -= piece.length;
    return piece;
  }

  /** All of them as one, which is not copied where it came so. */
  takeAll(): Uint8Array {
    this.#seal();
    const [first = new Uint8Array(0)] = this.#whole;
    const all = this.#whole.length < 2 ? first : Buffer.concat(this.#whole, this.bytes);
    this.clear();
    return all;
  }

  clear(): void {
    this.bytes = 0;
    this.#whole = [];
    this.#block = null;
    this.#used = 0;
  }

  /** Puts a small piece into the block. `false`: there is none, and nothing small waits that could begin one. */
  #append(from: Uint8Array, start: number, end: number): boolean {
    let block = this.#block ?? this.#beginBlock();
    if (block === null) return false;
    const length = end - start;
    if (this.#used + length > block.length) block = this.#makeRoom(block, length);
    // A loop is faster than a call for the smallest.
    if (length < 8) for (let at = 0; at < length; at += 1) block[this.#used + at] = from[start + at] ?? 0;
    else block.set(from.subarray(start, end), this.#used);
    this.#used += length;
    this.bytes += length;
    return true;
  }

  /** The last piece becomes the beginning of a block: one that comes alone is never copied twice. */
  #beginBlock(): Buffer | null {
    const last = this.#whole.at(-1);
    if (last === undefined || last.length >= SMALL_BYTES) return null;
    this.#whole.pop();
    const block = Buffer.allocUnsafeSlow(Math.max(LEAST_ROOM_BYTES, 2 * last.length));
    block.set(last);
    this.#used = last.length;
    this.#block = block;
    return block;
  }

  #makeRoom(full: Buffer, length: number): Buffer {
    const size = Math.max(2 * full.length, this.#used + length);
    const isLargest = size > MOST_ROOM_BYTES;
    const block = Buffer.allocUnsafeSlow(isLargest ? MOST_ROOM_BYTES : size);
    if (isLargest) {
      this.#whole.push(full.subarray(0, this.#used));
      this.#used = 0;
    } else block.set(full.subarray(0, this.#used));
    this.#block = block;
    return block;
  }

  /** Ends the block. What is little for its size is copied, since who keeps it would keep all of it. */
  #seal(): void {
    const block = this.#block;
    if (block === null) return;
    const isSpacious = 2 * this.#used < block.length;
    this.#whole.push(isSpacious ? ownedCopy(block, 0, this.#used) : block.subarray(0, this.#used));
    this.#block = null;
    this.#used = 0;
  }
}
