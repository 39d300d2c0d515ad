import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { emptyFrame, type Frame, FrameError, HEADER_BYTES, readFrame } from './frames.ts';

/** As in `host.py`. */
const RING_BYTES = 256 * 1024;
const FRAME_BYTES = 4096;
const NUMBER_BYTES = 4;
/** What is read at once: the answers to some dozen small requests. */
const GLANCE_BYTES = 16 * 1024;
const bytes = Buffer.allocUnsafeSlow(GLANCE_BYTES);

/**
 * Reads the whole answers that one Python process wrote into memory which it shares with its worker (the class of the same name in
 * `host.py` tells how). They are there also when the process is gone. Node cannot map memory, but reads it as the file that it is.
 */
export class AnswerRing {
  readonly #file: number;
  #at = 0;
  #number = 1;
  readonly #frame = emptyFrame();
  #isReading = false;
  #isClosed = false;

  constructor(file: number) {
    this.#file = file;
  }

  /** @returns `null` where the system does not let us. */
  static open(pid: number, descriptor: number): AnswerRing | null {
    let file: number;
    try {
      file = openSync(`/proc/${pid}/fd/${descriptor}`, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch {
      return null;
    }
    const status = fstatSync(file);
    if (status.isFile() && status.size === RING_BYTES) return new AnswerRing(file);
    closeSync(file);
    return null;
  }

  /**
   * Gives every frame that is new to `take`. The bytes are lent for the call.
   *
   * @throws FrameError where an entry is none of our host program
   */
  read(take: (frame: Frame) => void): void {
    // What is taken may be the end of this process, and that reads what is left.
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      let isMore = true;
      while (isMore && !this.#isClosed) {
        isMore = this.#takeAll(readSync(this.#file, bytes, 0, GLANCE_BYTES, this.#at), take);
      }
    } finally {
      this.#isReading = false;
    }
  }

  close(): void {
    if (!this.#isClosed) closeSync(this.#file);
    this.#isClosed = true;
  }

  /** `true`: there may be more behind what was taken. */
  #takeAll(length: number, take: (frame: Frame) => void): boolean {
    const start = this.#at;
    let at = 0;
    while (at + NUMBER_BYTES + HEADER_BYTES <= length && !this.#isClosed) {
      if (bytes.readUInt32LE(at) !== this.#number) return false;
      const frame = readFrame(this.#frame, bytes, at + NUMBER_BYTES);
      if (frame.end - frame.begin + HEADER_BYTES > FRAME_BYTES) throw new FrameError('an entry too long for the ring');
      if (frame.end > length) break;
      at = frame.end;
      this.#number = (this.#number % 0xffff_ffff) + 1;
      this.#at = start + at;
      const isLast = this.#at + FRAME_BYTES + 2 * NUMBER_BYTES > RING_BYTES;
      if (isLast) this.#at = 0;
      take(frame);
      if (isLast) return true;
    }
    return at > 0;
  }
}
