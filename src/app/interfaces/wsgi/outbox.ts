import type { Socket } from 'node:net';
import { type FrameHeader, HEADER_BYTES, writeHeader } from './frames.ts';

const ROOM_BYTES = 64 * 1024;

/** Of a socket: what its types leave out is that bytes are of the encoding 'buffer'. */
interface DirectWriter {
  _write(bytes: Buffer, encoding: string, done: (error?: Error | null) => void): void;
}

/**
 * The frames to one Python process, in as few writes as possible: what is sent within one round of the event loop goes out together, at its
 * end, or at once where nobody would wait for company.
 */
export class Outbox {
  readonly #socket: Socket;
  #room = Buffer.allocUnsafeSlow(ROOM_BYTES);
  #used = 0;
  #isDue = false;
  /** Writes that the kernel has not taken whole. */
  #waiting = 0;
  /** What an error means shows where the socket is read: there may still be answers. */
  readonly #sent = (): void => {
    this.#waiting -= 1;
  };
  readonly #flushLater = (): void => {
    this.#isDue = false;
    this.flush();
  };

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** A frame whose payload is `text` in latin1, and `bytes` behind it. */
  frame(header: FrameHeader, text = '', bytes: Uint8Array | null = null): void {
    const length = text.length + (bytes?.length ?? 0);
    if (this.#used + HEADER_BYTES + length > ROOM_BYTES) this.flush();
    if (HEADER_BYTES + length > ROOM_BYTES) return this.#large(header, text, bytes);
    writeHeader(this.#room, this.#used, header, length);
    let at = this.#used + HEADER_BYTES;
    if (text !== '') at += this.#room.write(text, at, 'latin1');
    if (bytes !== null) this.#room.set(bytes, at);
    this.#used += HEADER_BYTES + length;
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(this.#flushLater);
  }

  /** Hands over what was gathered. */
  flush(): void {
    if (this.#used === 0) return;
    const gathered = this.#room.subarray(0, this.#used);
    this.#used = 0;
    const socket = this.#socket;
    if (socket.destroyed) return;
    if (this.#waiting > 0 || socket.writableLength > 0) socket.write(gathered);
    else {
      // Past the queue of the stream, which would take half as long again as the system call.
      this.#waiting += 1;
      const direct: DirectWriter = socket;
      direct._write(gathered, 'buffer', this.#sent);
    }
    // The kernel mostly takes it within the call; else the room belongs to the socket until it does.
    if (this.#waiting > 0 || socket.writableLength > 0) this.#room = Buffer.allocUnsafeSlow(ROOM_BYTES);
  }

  #large(header: FrameHeader, text: string, bytes: Uint8Array | null): void {
    if (this.#socket.destroyed) return;
    const head = Buffer.allocUnsafe(HEADER_BYTES + text.length);
    writeHeader(head, 0, header, text.length + (bytes?.length ?? 0));
    head.write(text, HEADER_BYTES, 'latin1');
    this.#socket.cork();
    this.#socket.write(head);
    if (bytes !== null) this.#socket.write(bytes);
    this.#socket.uncork();
  }
}
