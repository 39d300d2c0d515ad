import type { Peer } from '../http/peer.ts';
import type { Refusal } from '../http/refusal.ts';
import type { Logger } from '../logging/logger.ts';

const QUIET_MS = 1_000;

/**
 * Logs what the server itself refuses: one line a second at most, which says how many there were since the last one. A flood of bad
 * requests must not become a flood of lines.
 */
export function createRefusalLog(
  log: Pick<Logger, 'event'>,
  nowMs: () => number = () => performance.now(),
): (refusal: Refusal, peer: Peer) => void {
  let nextLineMs = Number.NEGATIVE_INFINITY;
  let unlogged = 0;
  return ({ status, reason }, peer) => {
    const now = nowMs();
    if (now < nextLineMs) {
      unlogged += 1;
      return;
    }
    nextLineMs = now + QUIET_MS;
    log.event('request.refused', { status, reason, clientAddress: peer.address, unlogged });
    unlogged = 0;
  };
}
