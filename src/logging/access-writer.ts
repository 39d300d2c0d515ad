import { fstatSync } from 'node:fs';
import { type AccessRecord, accessLogJson, compileAccessLog } from './access-log.ts';
import { type AsyncDestinationLimits, asyncDestination } from './async-destination.ts';
import { openAppend } from './log-file.ts';
import type { Logger } from './logger.ts';

/** The settings that the access log follows. */
export interface AccessLogSettings {
  /** A path, or `'-'` for standard output. */
  accessLog: string;
  accessLogFormat: string;
  /** Write JSON objects; the format is then not used. */
  json: boolean;
}

/** The access log of one worker; several may append to the same file. */
export interface AccessWriter {
  /** Takes one line; it is in the file about 100 ms later. Never throws and never waits. */
  write(record: AccessRecord): void;
  /** Opens the file anew after a rotation, without a lost or doubled line. On failure the old descriptor stays. */
  reopen(): void;
  /** Writes what is collected before it returns, for a process that ends at once. */
  flushSync(): void;
  /** Resolves when everything is written, after two seconds at the latest. */
  close(): Promise<void>;
}

const limits: AsyncDestinationLimits = {
  flushMs: 100,
  flushBytes: 4096,
  chunkBytes: 16_384,
  maxBytes: 1_048_576,
  retryMs: 1000,
  closeMs: 2000,
};

/** Workers share one pipe, and it keeps no longer write than this in one piece (PIPE_BUF, pipe(7)). */
const pipeBytes = 4096;

/**
 * Opens the access log. `log` hears of what goes wrong later: `logs.writeFailed`, `logs.dropped`, `logs.reopenFailed`.
 *
 * @throws TsunicornError `LOG_FILE` if the file cannot be opened, `CONFIG_INVALID` if the format is malformed
 */
export function openAccessLog(settings: AccessLogSettings, log: Pick<Logger, 'event'>): AccessWriter {
  const path = settings.accessLog;
  const toStdout = path === '-';
  const render = settings.json ? accessLogJson : compileAccessLog(settings.accessLogFormat);
  const fd = toStdout ? 1 : openAppend(path, 'accessLog');
  const destination = asyncDestination(fd, {
    limits: fstatSync(fd).isFile() ? limits : { ...limits, chunkBytes: pipeBytes },
    outage: {
      failed: (error) => log.event('logs.writeFailed', { path, error }),
      lost: (lines) => log.event('logs.dropped', { path, lines }),
    },
  });
  return {
    write: (record) => destination.write(`${render(record)}\n`),
    reopen() {
      if (toStdout) return;
      try {
        destination.switchTo(openAppend(path, 'accessLog'));
        log.event('logs.reopened', { path });
      } catch (error) {
        log.event('logs.reopenFailed', { path, error });
      }
    },
    flushSync: () => destination.flushSync(),
    close: () => destination.close(),
  };
}
