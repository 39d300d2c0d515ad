import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Throttle } from './throttle.ts';

/**
 * A connection that left HTTP, as the stream that libraries for WebSockets expect. Bytes that the client sent behind its request are the
 * first to be read. It owns the socket below it.
 */
export class UpgradedConnection extends Duplex {
  readonly #socket: Socket;
  readonly #throttle: Throttle;

  constructor(socket: Socket, throttle: Throttle) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    this.#throttle = throttle;
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  /** For the connection below: bytes, or `null` when the peer ended its side. Returns whether more are wanted. */
  receive(bytes: Uint8Array | null): boolean {
    return this.push(bytes);
  }

  /** As of a socket. */
  setTimeout(ms: number, onTimeout?: () => void): this {
    this.#socket.setTimeout(ms, onTimeout);
    return this;
  }

  /** As of a socket. */
  setNoDelay(isOn?: boolean): this {
    this.#socket.setNoDelay(isOn);
    return this;
  }

  override _read(): void {
    this.#throttle.resume();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#socket.write(chunk, callback);
  }

  override _final(callback: () => void): void {
    this.#socket.end(callback);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#socket.destroy();
    callback(error);
  }
}
