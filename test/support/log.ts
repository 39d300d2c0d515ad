import type { Readable } from 'node:stream';
import type { LogEvent } from '../../src/logging/events.ts';

/** A line of the server's log. Fields that only some events have are `undefined` on the others. */
export interface LogLine {
  readonly event: string;
  readonly level: string;
  readonly pid: number;
  readonly msg: string;
  readonly workerId?: number;
  readonly workerPid?: number;
  readonly generation?: number;
  readonly workers?: number;
  readonly addresses?: readonly string[];
  readonly faults?: readonly string[];
  readonly code?: number | null;
  readonly signal?: string | null;
  readonly [field: string]: unknown;
}

/** An event of the product's own table: a test that waits for another one does not compile. */
export type LogEventName = LogEvent;

/** Where in the log to look, and for how long. */
export interface EventOptions {
  /** Only lines from this index on count (see `Server.mark`). Default 0: what was logged already counts too. */
  readonly after?: number;
  /** Default 15 000. */
  readonly timeoutMs?: number;
}

/** The log of one process, as it grows. */
export interface LogReader {
  /** All lines that are JSON objects with an event. */
  readonly lines: readonly LogLine[];
  /** Everything, whether log line or not. */
  readonly text: string;
  /** The last lines as they came, for error messages. */
  tail(): string;
  /** The first line that fits, already logged or still to come. Rejects at the time limit, or when the log ends without it. */
  event(name: LogEventName, where?: (line: LogLine) => boolean, options?: EventOptions): Promise<LogLine>;
  /** Resolved when the stream has ended and the last line is read. */
  readonly ended: Promise<void>;
}

interface Waiter {
  offer(line: LogLine): void;
  giveUp(why: string): void;
}

const TAIL_LINES = 40;

/** Reads a log until its stream ends; `onLine` sees each line before those who wait for it. */
export function readLog(stream: Readable, onLine: (line: LogLine) => void = () => {}): LogReader {
  const lines: LogLine[] = [];
  const raw: string[] = [];
  const waiters = new Set<Waiter>();
  let partial = '';
  let over = false;

  function take(text: string): void {
    raw.push(text);
    const line = parseLogLine(text);
    if (line === null) return;
    lines.push(line);
    onLine(line);
    for (const waiter of [...waiters]) waiter.offer(line);
  }
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const pieces = (partial + text).split('\n');
    partial = pieces.pop() ?? '';
    for (const piece of pieces) take(piece);
  });
  const ended = new Promise<void>((resolve) => {
    stream.once('close', () => {
      over = true;
      if (partial !== '') take(partial);
      partial = '';
      for (const waiter of [...waiters]) waiter.giveUp('the log ended');
      resolve();
    });
  });
  const tail = () => `last lines of the log:\n${[...raw, partial].slice(-TAIL_LINES).join('\n')}`;

  return {
    lines,
    ended,
    tail,
    get text() {
      return [...raw, partial].join('\n');
    },
    event(name, where = () => true, { after = 0, timeoutMs = 15_000 } = {}) {
      const fits = (line: LogLine) => line.event === name && where(line);
      // Made here, for the stack of who waits.
      const failure = new Error(`no ${name}`);
      return new Promise((resolve, reject) => {
        const waiter: Waiter = {
          offer(line) {
            if (fits(line)) leave(() => resolve(line));
          },
          giveUp(why) {
            failure.message = `${why} before a fitting ${name} was logged; ${tail()}`;
            leave(() => reject(failure));
          },
        };
        const timer = setTimeout(() => waiter.giveUp(`${timeoutMs} ms passed`), timeoutMs);
        function leave(settle: () => void): void {
          clearTimeout(timer);
          waiters.delete(waiter);
          settle();
        }
        waiters.add(waiter);
        const found = lines.slice(after).find(fits);
        if (found !== undefined) waiter.offer(found);
        else if (over) waiter.giveUp('the log ended');
      });
    },
  };
}

function parseLogLine(text: string): LogLine | null {
  if (!text.startsWith('{')) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const line = value as Partial<LogLine>;
  const complete = typeof line.event === 'string' && typeof line.level === 'string' && typeof line.pid === 'number';
  return complete ? (line as LogLine) : null;
}
