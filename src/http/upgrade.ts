import { Duplex } from 'node:stream';

/** What a connection that left HTTP needs of the one below it. */
export interface UpgradeHost {
  write(bytes: Uint8Array, done: (error?: Error | null) => void): void;
  end(done: () => void): void;
  pause(): void;
  resume(): void;
  destroy(): void;
}

/**
 * A connection that left HTTP, as the stream that libraries for WebSockets expect. Bytes that the client sent behind its request are the
 * first to be read.
 */
export class UpgradedConnection extends Duplex {
  readonly #host: UpgradeHost;

  constructor(host: UpgradeHost) {
    super({ allowHalfOpen: false });
    this.#host = host;
  }

  /** For the connection below: bytes, or `null` when the peer ended its side. Returns whether more are wanted. */
  receive(bytes: Uint8Array | null): boolean {
    return this.push(bytes);
  }

  /** Sockets have it; a coarse timer of the server bounds nothing here. */
  setTimeout(): this {
    return this;
  }

  /** Always so. */
  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  override _read(): void {
    this.#host.resume();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#host.write(chunk, callback);
  }

  override _final(callback: () => void): void {
    this.#host.end(callback);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#host.destroy();
    callback(error);
  }
}
