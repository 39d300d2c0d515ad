import type { Socket } from 'node:net';

/**
 * Ends a connection so that its peer takes it for broken: with a reset over TCP. Over TLS a missing close_notify has to do (RFC 8446, section
 * 6.1), and a unix socket knows no difference.
 */
export function resetSocket(socket: Socket): void {
  try {
    socket.resetAndDestroy();
  } catch {
    // Node throws for whatever is not TCP.
    socket.destroy();
  }
}
