import type { Socket } from 'node:net';

/**
 * How many bytes the peer's kernel has taken of what was written. Node tells only of whole writes; its handle knows how much of one is
 * still queued. Where a handle does not tell, whole writes have to do.
 */
export function bytesTaken(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle === 'object' && handle !== null) {
    const given: unknown = Reflect.get(handle, 'bytesWritten');
    const queued: unknown = Reflect.get(handle, 'writeQueueSize');
    if (typeof given === 'number' && typeof queued === 'number') return given - queued;
  }
  return socket.bytesWritten - socket.writableLength;
}
