import { createRequire } from 'node:module';
import { isatty } from 'node:tty';
import type { Logger as PinoLogger } from 'pino';
import { errorFields } from './error-fields.ts';
import { escapeJson } from './escape.ts';
import { type LogEvent, type LogLevel, levels, logEvents } from './events.ts';
import { openAppend } from './log-file.ts';
import { createPrettifier } from './pretty.ts';
import { type SyncDestination, syncDestination } from './sync-destination.ts';

/** The settings that the error log follows. `errorLog` is a path, or `'-'` for standard error. */
export interface LogSettings {
  errorLog: string;
  logLevel: LogLevel;
  logFormat: 'auto' | 'pretty' | 'json';
}

/** What standard error is; `processStderr()` unless a test says otherwise. */
export interface StderrFacts {
  fd: number;
  isTty: boolean;
  /** Whether the person at the terminal wants colours. */
  wantsColors: boolean;
}

/** The error log: every line is an event with fields. Nothing here throws or waits, except where it says so. */
export interface Logger {
  /** Writes one line with the event's level and words. `fields.error` may be anything that was thrown. */
  event(name: LogEvent, fields?: Record<string, unknown>): void;
  /** Writes one line in the words of a hook, as event `hook.log`. */
  message(level: LogLevel, text: string, fields?: Record<string, unknown>): void;
  /** Opens the file anew after a rotation and logs `logs.reopened`, or `logs.reopenFailed` and keeps the old descriptor. */
  reopen(): void;
  /**
   * Applies other settings; the base fields stay.
   *
   * @throws TsunicornError `LOG_FILE`, and then nothing has changed
   */
  reconfigure(settings: LogSettings): void;
  flush(): void;
  /** Closes the file; later lines are lost. Standard error stays open. */
  close(): void;
}

/** The output of one set of settings: a place and a form. */
interface Output {
  destination: SyncDestination;
  render(json: string): string;
}

/** Standard error of this process. `NO_COLOR` counts when it is not empty, as no-color.org has it. */
export function processStderr(): StderrFacts {
  return { fd: 2, isTty: isatty(2), wantsColors: !process.env.NO_COLOR };
}

/** Whether `auto` means the form for people or the one for machines. */
export function resolveLogFormat(settings: LogSettings, stderr: StderrFacts = processStderr()): 'pretty' | 'json' {
  if (settings.logFormat !== 'auto') return settings.logFormat;
  return settings.errorLog === '-' && stderr.isTty ? 'pretty' : 'json';
}

/**
 * Opens the error log. `base` are the fields of every line (`role`, `pid`, `workerId`); a field of the same name wins over them, so that
 * the master's lines about a worker carry the worker's pid.
 *
 * @throws TsunicornError `LOG_FILE`
 */
export function createLogger(
  settings: LogSettings,
  base: Record<string, unknown>,
  stderr: StderrFacts = processStderr(),
): Logger {
  const open = (wanted: LogSettings): Output => openOutput(wanted, { base, stderr });
  let current = settings;
  let output = open(settings);
  let lostLines = 0;

  const write = (json: string): void => {
    if (!output.destination.write(output.render(json))) {
      lostLines += 1;
      return;
    }
    if (lostLines === 0) return;
    const lines = lostLines;
    lostLines = 0;
    event('logs.dropped', { lines });
    if (lostLines > 0) lostLines += lines;
  };
  let pino: PinoLogger | null = null;
  // Most workers never have anything to say at their level: they save the 7 MiB and 25 ms that pino takes.
  const line = (level: LogLevel, fields: Record<string, unknown>, message: string): void => {
    if (levels.indexOf(level) < levels.indexOf(current.logLevel)) return;
    pino ??= createPino(write);
    pino[level](fields, message);
  };

  function event(name: LogEvent, fields: Record<string, unknown> = {}): void {
    const { level, message } = logEvents[name];
    line(level, lineFields(name, base, fields), message);
  }

  const replaceOutput = (next: Output): void => {
    output.destination.close();
    output = next;
  };

  return {
    event,
    message: (level, text, fields = {}) => line(level, lineFields('hook.log', base, fields), text),
    reopen() {
      if (current.errorLog === '-') return;
      try {
        replaceOutput(open(current));
        event('logs.reopened', { path: current.errorLog });
      } catch (error) {
        event('logs.reopenFailed', { path: current.errorLog, error });
      }
    },
    reconfigure(next) {
      replaceOutput(open(next));
      current = next;
    },
    flush: () => void output.destination.flush(),
    close: () => output.destination.close(),
  };
}

function openOutput(settings: LogSettings, context: { base: Record<string, unknown>; stderr: StderrFacts }): Output {
  const { base, stderr } = context;
  const toStderr = settings.errorLog === '-';
  const fd = toStderr ? stderr.fd : openAppend(settings.errorLog, 'errorLog');
  const colors = toStderr && stderr.isTty && stderr.wantsColors;
  const render = resolveLogFormat(settings, stderr) === 'pretty' ? createPrettifier({ colors, base }) : escapeJson;
  return { destination: syncDestination(fd, { owned: !toStderr }), render };
}

const require = createRequire(import.meta.url);

function createPino(write: (line: string) => void): PinoLogger {
  const { pino }: typeof import('pino') = require('pino');
  return pino(
    {
      // The levels are compared before pino is asked.
      level: 'debug',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: errorFields },
    },
    { write },
  );
}

const ownKeys = new Set(['time', 'level', 'msg', 'event']);

/** One object without a key twice: pino writes what it is given, and readers differ in which of two equal keys they believe. */
function lineFields(
  event: LogEvent,
  base: Record<string, unknown>,
  fields: Record<string, unknown>,
): Record<string, unknown> {
  const line: Record<string, unknown> = { event, ...base };
  for (const [key, value] of Object.entries(fields)) line[ownKeys.has(key) ? `${key}_` : key] = value;
  return line;
}
