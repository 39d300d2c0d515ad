import type { LogEvent } from './events.ts';
import type { Logger } from './logger.ts';

/** At most one line in this time, so that no flood of bad clients fills the log. */
const EVERY_MS = 1_000;

/** Logs what strangers can cause as often as they please: the first time at once, then in one line those that followed, with the newest fields. */
export function logSparingly<Fields extends object>(
  log: Pick<Logger, 'event'>,
  event: LogEvent,
  everyMs = EVERY_MS,
): (fields: Fields) => void {
  let count = 0;
  let newest: Fields | null = null;
  let timer: NodeJS.Timeout | null = null;
  const report = () => {
    timer = null;
    if (count === 0) return;
    log.event(event, { ...newest, count });
    count = 0;
    timer = setTimeout(report, everyMs);
    timer.unref();
  };
  return (fields) => {
    count += 1;
    newest = fields;
    if (timer === null) report();
  };
}
