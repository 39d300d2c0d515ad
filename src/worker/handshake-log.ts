import type { Peer } from '../http/peer.ts';
import type { Logger } from '../logging/logger.ts';

const QUIET_MS = 1_000;

/**
 * Logs TLS handshakes that failed: one line a second at most, which says how many there were since the last one. Whatever is open to the
 * world is probed all day.
 */
export function createHandshakeLog(
  log: Pick<Logger, 'event'>,
  nowMs: () => number = () => performance.now(),
): (reason: string, peer: Peer) => void {
  let nextLineMs = Number.NEGATIVE_INFINITY;
  let unlogged = 0;
  return (reason, peer) => {
    const now = nowMs();
    if (now < nextLineMs) {
      unlogged += 1;
      return;
    }
    nextLineMs = now + QUIET_MS;
    log.event('tls.handshakeFailed', { reason, clientAddress: peer.address, unlogged });
    unlogged = 0;
  };
}
