import type { Socket } from 'node:net';

/** Makes a client wait by not reading on. While bytes are being read, the answer to the reader says so; else the socket is told. */
export class Throttle {
  isPaused = false;
  readonly #socket: Socket;
  #isReading = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get isReading(): boolean {
    return this.#isReading;
  }

  beginRead(): void {
    this.#isReading = true;
  }

  /** Whether to read on. */
  endRead(): boolean {
    this.#isReading = false;
    return !this.isPaused;
  }

  pause(): void {
    this.isPaused = true;
    if (!this.#isReading) this.#socket.pause();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    if (!this.#isReading) this.#socket.resume();
  }
}
