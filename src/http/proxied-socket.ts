import type { Socket } from 'node:net';
import { type ProxySource, type ProxyVersions, parseProxyHeader } from './proxy-protocol.ts';

/** How a PROXY header is awaited, and who hears of it. Just one of the two functions is called, and once. */
export interface ProxyHeaderOptions {
  readonly accept: ProxyVersions;
  /** From now to the last byte of the header. */
  readonly timeoutMs: number;
  /** The next byte that the socket gives is the first after the header. `null`: the proxy names nobody, so the peer's own address holds. */
  onHeader(source: ProxySource | null): void;
  /** The socket still has to be destroyed, by the caller. The reason is a sentence for the log. */
  onRefused(reason: string): void;
}

/**
 * Reads the PROXY header off a fresh connection and gives back what came behind it, be it TLS or HTTP. When `onHeader` is called, no
 * listener of this function is on the socket any more; whoever takes the socket over has to do so before that call returns, for the
 * end of the stream is announced in the next tick. The socket stays the caller's.
 *
 * @returns `cancel()`: stop waiting. What was read is given back, and nobody is called.
 */
export function readProxyHeader(socket: Socket, options: ProxyHeaderOptions): { cancel(): void } {
  let read: Buffer = Buffer.alloc(0);
  let waiting = true;
  const timer = setTimeout(
    () => refuse(`No complete PROXY header came within ${options.timeoutMs} ms.`),
    options.timeoutMs,
  );

  const leave = (): void => {
    waiting = false;
    clearTimeout(timer);
    socket.off('readable', onReadable).off('end', onEnd).off('close', onEnd).off('error', onError);
  };
  const refuse = (reason: string): void => {
    leave();
    options.onRefused(reason);
  };
  const giveBack = (bytes: Buffer): void => {
    if (bytes.length > 0 && !socket.destroyed) socket.unshift(bytes);
  };

  // All in one tick: if these were the last bytes before a FIN, 'end' is announced in the next one, unless something was put back.
  function onReadable(): void {
    for (let chunk: Buffer | null = socket.read(); chunk !== null; chunk = socket.read()) {
      read = Buffer.concat([read, chunk]);
      const header = parseProxyHeader(read, options.accept);
      if (header.kind === 'refused') return refuse(header.reason);
      if (header.kind === 'more') continue;
      leave();
      giveBack(read.subarray(header.length));
      return options.onHeader(header.source);
    }
  }
  const onEnd = (): void => refuse('The connection ended before its PROXY header was complete.');
  const onError = (error: Error): void => refuse(`The connection failed before its PROXY header: ${error.message}.`);

  socket.on('readable', onReadable).on('end', onEnd).on('close', onEnd).on('error', onError);
  return {
    cancel() {
      if (!waiting) return;
      leave();
      giveBack(read);
    },
  };
}
