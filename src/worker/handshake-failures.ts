import type { Logger } from '../logging/logger.ts';

/** At most one line in this time, so that no flood of bad handshakes fills the log. */
const EVERY_MS = 10_000;

/** Logs handshakes that failed: the first one at once, then in one line those that followed, with the newest reason. */
export function reportHandshakeFailures(
  log: Pick<Logger, 'event'>,
  everyMs = EVERY_MS,
): (reason: string, raw: { readonly address: string }) => void {
  let count = 0;
  let newest = { reason: '', address: '' };
  let timer: NodeJS.Timeout | null = null;
  const report = () => {
    timer = null;
    if (count === 0) return;
    log.event('tls.handshakeFailed', { ...newest, count });
    count = 0;
    timer = setTimeout(report, everyMs);
    timer.unref();
  };
  return (reason, { address }) => {
    count += 1;
    newest = { reason, address };
    if (timer === null) report();
  };
}
