import { HEADER_BYTES, kindFrom } from './frames.ts';

/** What a Python process says first on its channel: which fork it is. `rest` is what came after it. */
export interface Hello {
  readonly type: 'hello';
  readonly token: string;
  readonly pid: number;
  readonly rest: Buffer;
}

export type HelloReading = Hello | { readonly type: 'more' } | { readonly type: 'fault'; readonly reason: string };

const KIND_AT = 4;
const LONGEST_PAYLOAD = 1024;

/** Looks for a whole HELLO frame at the beginning of what has come so far. Whoever connects may be a stranger. */
export function readHello(bytes: Buffer): HelloReading {
  if (bytes.length < HEADER_BYTES) return { type: 'more' };
  const length = bytes.readUInt32LE(0);
  if (bytes[KIND_AT] !== kindFrom.hello || length > LONGEST_PAYLOAD)
    return { type: 'fault', reason: 'its first frame is no HELLO' };
  const end = HEADER_BYTES + length;
  if (bytes.length < end) return { type: 'more' };
  const said = parse(bytes.toString('utf8', HEADER_BYTES, end));
  if (said === null) return { type: 'fault', reason: 'its HELLO holds no token' };
  return { type: 'hello', ...said, rest: bytes.subarray(end) };
}

function parse(text: string): { token: string; pid: number } | null {
  try {
    const raw: unknown = JSON.parse(text);
    if (typeof raw !== 'object' || raw === null || !('token' in raw) || !('pid' in raw)) return null;
    const { token, pid } = raw;
    return typeof token === 'string' && typeof pid === 'number' ? { token, pid } : null;
  } catch {
    return null;
  }
}
