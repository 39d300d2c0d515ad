import type { Duplex } from 'node:stream';

/** The worker's end of it; 0 to 2 are the standard streams. */
export const CHANNEL_FD = 3;

/** Far longer than any message of ours. What a worker sends beyond it is dropped up to the next line. */
const LONGEST_LINE = 1024 * 1024;

export interface ChannelEvents {
  /** `undefined` for a line that is no JSON, or too long. */
  onMessage(raw: unknown): void;
  /** Once. Nothing comes after it. */
  onClosed(): void;
}

/**
 * The master's end of the channel to a worker: a JSON text a line, which is what `process.send` in the worker speaks. It takes the place
 * of Node's own end (`stdio: 'ipc'`), which throws where nobody can catch it, and so ends the master, when a worker writes what is no
 * JSON, and which collects a line without an end until the memory is full.
 *
 * @param stream is owned by the caller's child process, and ends with it.
 */
export function openChannel(stream: Duplex, events: ChannelEvents): { send(message: object): void } {
  const takeText = splitLines(LONGEST_LINE, (line) => events.onMessage(line === null ? undefined : parse(line)));
  stream.setEncoding('utf8');
  stream.on('data', takeText);
  // The worker is gone, or closed its end: its exit says the rest.
  stream.on('error', () => {});
  stream.once('close', () => events.onClosed());
  return {
    send(message) {
      if (stream.writable) stream.write(`${JSON.stringify(message)}\n`);
    },
  };
}

/** Takes text in pieces and gives it in lines; `null` stands for a line that was longer than `longest` characters. */
export function splitLines(longest: number, onLine: (line: string | null) => void): (text: string) => void {
  let partial = '';
  let overlong = false;
  return (text) => {
    const [first = '', ...rest] = text.split('\n');
    partial = overlong ? '' : partial + first;
    for (const next of rest) {
      onLine(overlong || partial.length > longest ? null : partial);
      overlong = false;
      partial = next;
    }
    if (partial.length > longest) {
      overlong = true;
      partial = '';
    }
  };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
