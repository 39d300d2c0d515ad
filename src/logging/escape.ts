/** Anything but printable ASCII, and the two characters that end or bend a quoted field. */
const needsByteEscape = /[^\x20-\x7e]|["\\]/;
const byteEscapes = /[^\x20-\x7e]|["\\]/gu;

/** Controls, invisible and direction-changing characters, line separators, halves of surrogate pairs. */
const needsTextEscape = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const textEscapes = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const jsonLeftovers = /[\x7f-\x9f\u2028\u2029]/g;

const shortEscapes: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * A value in an access line: control characters, DEL, quotes, backslashes and everything beyond ASCII become `\xHH`, byte by byte, as
 * nginx writes them. Characters up to U+00FF are taken for the bytes they were (header fields arrive as latin-1), others for UTF-8.
 */
export function escapeBytes(value: string): string {
  return needsByteEscape.test(value) ? value.replace(byteEscapes, hexBytes) : value;
}

/** A value on a terminal: nothing in it moves the cursor, changes a colour, hides text or ends the line. */
export function escapeText(value: string): string {
  return needsTextEscape.test(value) ? value.replace(textEscapes, (c) => shortEscapes[c] ?? unicodeEscape(c)) : value;
}

/**
 * JSON text on one line for every reader: JSON leaves DEL, the C1 controls and U+2028/U+2029 alone, which some terminals obey and some
 * readers take for line ends. They can only stand inside strings, so the escape is always valid.
 */
export function escapeJson(json: string): string {
  return json.replace(jsonLeftovers, unicodeEscape);
}

function hexBytes(character: string): string {
  const code = character.charCodeAt(0);
  if (character.length === 1 && code <= 0xff) return `\\x${hex(code, 2)}`;
  return [...Buffer.from(character)].map((byte) => `\\x${hex(byte, 2)}`).join('');
}

function unicodeEscape(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${hex(unit.charCodeAt(0), 4)}`)
    .join('');
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}
