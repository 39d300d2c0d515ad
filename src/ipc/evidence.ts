/** A request that was being answered. */
export interface StuckRequest {
  readonly method: string;
  readonly target: string;
  /** To a second, more or less: see `Patience.busySinceMs`. */
  readonly ageMs: number;
}

/** What a worker whose event loop is silent says of itself. */
export interface Evidence {
  readonly type: 'evidence';
  /** The innermost frame first, each as `name (file:line:column)`. Empty: no JavaScript runs. */
  readonly stack: readonly string[];
  /** The oldest first. */
  readonly requests: readonly StuckRequest[];
  /** All of them; `null`: nobody could be asked, as no JavaScript runs. */
  readonly requestsInFlight: number | null;
}

/** How much of it travels. */
export const evidenceBounds = {
  frames: 30,
  frameLength: 400,
  requests: 20,
  methodLength: 32,
  targetLength: 200,
} as const;

/** Controls, what hides or turns text, line separators, halves of characters: neither in a log nor on a terminal. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** Text as evidence may hold it: in one line, and no longer than that. */
export function printable(text: string, length: number): string {
  const cut = text.length > length ? `${text.slice(0, length - 1)}…` : text;
  return cut.replaceAll(new RegExp(unprintable, 'gu'), '?');
}

/** Evidence as a worker sent it, checked; `null` when it is none. The application can write to the channel too. */
export function parseEvidence({ stack, requests, requestsInFlight }: Record<string, unknown>): Evidence | null {
  const { frames, frameLength } = evidenceBounds;
  if (!Array.isArray(stack) || stack.length > frames || !stack.every((frame) => isText(frame, frameLength)))
    return null;
  if (!Array.isArray(requests) || requests.length > evidenceBounds.requests) return null;
  const parsed = requests.map(parseRequest);
  if (!parsed.every((request) => request !== null)) return null;
  if (requestsInFlight !== null && !isCount(requestsInFlight)) return null;
  return { type: 'evidence', stack, requests: parsed, requestsInFlight };
}

function parseRequest(raw: unknown): StuckRequest | null {
  if (typeof raw !== 'object' || raw === null || !('method' in raw && 'target' in raw && 'ageMs' in raw)) return null;
  const { method, target, ageMs } = raw;
  const { methodLength, targetLength } = evidenceBounds;
  if (!isText(method, methodLength) || !isText(target, targetLength) || !isCount(ageMs)) return null;
  return { method, target, ageMs };
}

function isText(value: unknown, longest: number): value is string {
  return typeof value === 'string' && value.length <= longest && !unprintable.test(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
