import type { Socket } from 'node:net';

/**
 * How many bytes the peer's kernel has taken of what was written. Node tells only of whole writes; its handle knows how much of one is
 * still queued. Where a handle does not tell, whole writes have to do.
 */
export function bytesTaken(socket: Socket): number {
  const handle = '_handle' in socket ? socket._handle : null;
  if (typeof handle === 'object' && handle !== null && 'bytesWritten' in handle && 'writeQueueSize' in handle) {
    const { bytesWritten: given, writeQueueSize: queued } = handle;
    if (typeof given === 'number' && typeof queued === 'number') return given - queued;
  }
  return socket.bytesWritten - socket.writableLength;
}

const PROBE_AFTER_MS = 1_000;

/**
 * For a peer that has closed its side, which those do that are gone and those that still read: TCP probes it from now on, and the kernel of
 * one that is gone answers with a reset, once it has forgotten the connection (about a minute; tcp_fin_timeout in tcp(7)).
 */
export function probePeer(socket: Socket): void {
  socket.setKeepAlive(true, PROBE_AFTER_MS);
}
