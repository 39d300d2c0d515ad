import type { Setting } from './setting.ts';
import { kindOf } from './wording.ts';

/** What stands in the place of a secret. */
export const REDACTED = '(hidden)';

const LONGEST_QUOTE = 80;
const SECRET_KEY =
  /pass|secret|token|key|credential|auth|private|cookie|session|dsn|salt|signature|(^|_)pw(_|$)|_pwd(_|$)/i;

/** Whether an environment variable of that name most likely holds a secret. */
export function looksSecret(key: string): boolean {
  return SECRET_KEY.test(key);
}

/**
 * A value as it may be printed or logged: JSON, octal where the setting says so, secrets hidden. A password inside a URL is hidden
 * whatever the name of its variable.
 */
export function displayValue(setting: Setting, value: unknown): string {
  if (setting.secret === 'always' && value !== null) return REDACTED;
  if (setting.secret === 'byKey' && typeof value === 'object' && value !== null) {
    return jsonOf(Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, displayEntry(key, entry)])));
  }
  if (setting.display === 'octal' && Number.isInteger(value)) return `0o${Number(value).toString(8)}`;
  return jsonOf(value);
}

/** A value inside a fault: short, and with its kind where that is not plain from the text. */
export function quoteValue(value: unknown): string {
  if (value === null || value === undefined) return kindOf(value);
  if (typeof value === 'function' || typeof value === 'symbol') return kindOf(value);
  const text = jsonOf(value);
  const short = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
  return `${short} (${kindOf(value)})`;
}

function displayEntry(key: string, entry: unknown): unknown {
  if (looksSecret(key)) return REDACTED;
  return typeof entry === 'string' ? entry.replace(/(:\/\/[^:/?#@\s]*:)\S+@/g, `$1${REDACTED}@`) : entry;
}

/** JSON with what JSON has no word for (NaN, infinity, big integers, cycles) as plain text. */
function jsonOf(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  try {
    return JSON.stringify(value) ?? kindOf(value);
  } catch {
    return kindOf(value);
  }
}
