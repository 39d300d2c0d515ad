/** What the zygote says on its control stream. */
export type ZygoteMessage =
  /** It can fork. */
  | { readonly type: 'ready' }
  | { readonly type: 'forked'; readonly token: string; readonly pid: number }
  | { readonly type: 'forkFailed'; readonly token: string; readonly message: string }
  /** Part of what a Python process wrote to its standard output or error. The bytes are lent until the reader is called again. */
  | { readonly type: 'output'; readonly pid: number; readonly bytes: Buffer }
  | { readonly type: 'exited'; readonly pid: number; readonly code: number | null; readonly signal: number | null };

/** What the worker says to the zygote. */
export type ZygoteOrder =
  | {
      readonly type: 'boot';
      readonly target: string;
      readonly socket: string;
      readonly pythonPath: readonly string[];
      readonly preload: boolean;
      readonly threads: number;
      /** What the environ of every request holds. */
      readonly environ: Readonly<Record<string, string>>;
      readonly multiprocess: boolean;
    }
  | { readonly type: 'fork'; readonly token: string }
  | { readonly type: 'kill'; readonly pid: number; readonly signal: number }
  | { readonly type: 'stop'; readonly graceMs: number };

/** The stream holds what is no message: nothing after it can be understood. */
export interface ControlFault {
  readonly type: 'fault';
  readonly reason: string;
}

/** The longest line, in bytes without its end. */
export const LONGEST_LINE = 64 * 1024;
/** The longest output that follows one line, in bytes. */
export const LONGEST_OUTPUT = 64 * 1024;

const NEWLINE = 0x0a;

/** An output line announces raw bytes; every other one is a message by itself. */
type Line =
  | Exclude<ZygoteMessage, { type: 'output' }>
  | { readonly type: 'output'; readonly pid: number; size: number };

/**
 * Reads the control stream in pieces, however they are cut. Output is handed on as it comes, in the pieces in which it comes. After a
 * fault it reads nothing more. An application can reach the stream through its descriptors: nothing is taken on trust.
 */
export function createControlReader(): { take(chunk: Buffer): (ZygoteMessage | ControlFault)[] } {
  let partial: Buffer[] = [];
  let partialLength = 0;
  let output: { pid: number; missing: number } | null = null;
  let broken = false;

  /** The next line without its end, and where the rest of the chunk begins; `null` when it has no end yet. */
  const takeLine = (chunk: Buffer, start: number): { line: Buffer; next: number } | null => {
    const end = chunk.indexOf(NEWLINE, start);
    const piece = chunk.subarray(start, end === -1 ? chunk.length : end);
    partialLength += piece.length;
    if (end === -1) {
      // A copy: the chunk may be lent.
      if (piece.length > 0 && partialLength <= LONGEST_LINE) partial.push(Buffer.from(piece));
      return null;
    }
    const line = partial.length === 0 ? piece : Buffer.concat([...partial, piece]);
    partial = [];
    partialLength = 0;
    return { line, next: end + 1 };
  };

  return {
    take(chunk) {
      const found: (ZygoteMessage | ControlFault)[] = [];
      const fail = (reason: string) => {
        broken = true;
        found.push({ type: 'fault', reason });
        return found;
      };
      let at = 0;
      while (!broken && at < chunk.length) {
        if (output !== null) {
          const bytes = chunk.subarray(at, at + output.missing);
          found.push({ type: 'output', pid: output.pid, bytes });
          at += bytes.length;
          output.missing -= bytes.length;
          if (output.missing === 0) output = null;
          continue;
        }
        const taken = takeLine(chunk, at);
        if (partialLength > LONGEST_LINE || (taken?.line.length ?? 0) > LONGEST_LINE) return fail('a line is too long');
        if (taken === null) break;
        at = taken.next;
        const raw = parseJson(taken.line);
        if (raw === undefined) return fail('a line is no JSON');
        const line = parseLine(raw);
        if (line?.type !== 'output') {
          if (line !== null) found.push(line);
        } else if (line.size > 0) output = { pid: line.pid, missing: line.size };
      }
      return found;
    },
  };
}

/** One line of the stream, checked; `null` when it is no message that is known. */
function parseLine(raw: unknown): Line | null {
  if (!isRecord(raw)) return null;
  switch (raw.type) {
    case 'ready':
      return { type: 'ready' };
    case 'forked':
      return isToken(raw.token) && isPid(raw.pid) ? { type: 'forked', token: raw.token, pid: raw.pid } : null;
    case 'forkFailed':
      return isToken(raw.token) && typeof raw.message === 'string'
        ? { type: 'forkFailed', token: raw.token, message: raw.message }
        : null;
    case 'output':
      return isPid(raw.pid) && isSize(raw.bytes) ? { type: 'output', pid: raw.pid, size: raw.bytes } : null;
    case 'exited':
      return isPid(raw.pid) && isStatus(raw.code) && isStatus(raw.signal)
        ? { type: 'exited', pid: raw.pid, code: raw.code, signal: raw.signal }
        : null;
    default:
      return null;
  }
}

/** An order as it travels. */
export function orderLine(order: ZygoteOrder): string {
  return `${JSON.stringify(order)}\n`;
}

function parseJson(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isToken(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{1,128}$/.test(value);
}

/** 1 and below have a meaning of their own for kill(2). */
function isPid(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 1;
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= LONGEST_OUTPUT;
}

function isStatus(value: unknown): value is number | null {
  return value === null || (Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= 255);
}
