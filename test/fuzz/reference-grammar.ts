/**
 * The small words of HTTP, one character after the other and without a regular expression, so that nothing is shared with `src/http`. Texts
 * are latin1: a character is a byte.
 */

const within = (character: string, first: string, last: string): boolean => character >= first && character <= last;

export const isDigit = (character: string): boolean => character.length === 1 && within(character, '0', '9');

export const isHexDigit = (character: string): boolean =>
  isDigit(character) || (character.length === 1 && (within(character, 'a', 'f') || within(character, 'A', 'F')));

const isLetter = (character: string): boolean =>
  character.length === 1 && (within(character, 'a', 'z') || within(character, 'A', 'Z'));

/** `tchar` of RFC 9110, section 5.6.2. */
export const isTokenCharacter = (character: string): boolean =>
  character.length === 1 && (isDigit(character) || isLetter(character) || "!#$%&'*+-.^_`|~".includes(character));

/** Whether there is at least one character, and each is what `isOne` asks for. */
export function consistsOf(text: string, isOne: (character: string) => boolean): boolean {
  for (const character of text) if (!isOne(character)) return false;
  return text !== '';
}

export const isToken = (text: string): boolean => consistsOf(text, isTokenCharacter);

/** VCHAR of RFC 5234. */
export const isVisible = (character: string): boolean => within(character, '!', '~');

/** VCHAR, obs-text, SP and HTAB: what a field's value may hold (RFC 9110, section 5.5). */
export const isValueCharacter = (character: string): boolean =>
  isVisible(character) || isBlank(character) || within(character, '\x80', '\xff');

/** A part of OWS (RFC 9110, section 5.6.3). */
export const isBlank = (character: string): boolean => character === ' ' || character === '\t';

/** Text without the blanks around it. */
export function stripped(text: string): string {
  let rest = text;
  while (rest !== '' && isBlank(rest.charAt(0))) rest = rest.slice(1);
  while (rest !== '' && isBlank(rest.charAt(rest.length - 1))) rest = rest.slice(0, -1);
  return rest;
}

/** `uri-host [ ":" port ]` (RFC 9110, section 7.2), where the host is not empty, holds no comma, and is no IPvFuture. */
export function isAuthority(text: string): boolean {
  let host = text;
  let port = '';
  const colon = text.lastIndexOf(':');
  if (colon > text.lastIndexOf(']')) {
    host = text.slice(0, colon);
    port = text.slice(colon + 1);
  }
  if (port !== '' && (!consistsOf(port, isDigit) || Number(port) > 65_535)) return false;
  if (host.startsWith('[')) return host.endsWith(']') && isIPv6Address(host.slice(1, -1));
  return isRegisteredName(host);
}

/** `reg-name` of RFC 3986, section 3.2.2, without the comma. */
function isRegisteredName(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '%') {
      if (!isHexDigit(text.charAt(at + 1)) || !isHexDigit(text.charAt(at + 2))) return false;
      at += 2;
    } else if (!isDigit(character) && !isLetter(character) && !"-._~!$&'()*+;=".includes(character)) return false;
  }
  return text !== '';
}

/** `IPv6address` of RFC 3986, section 3.2.2. */
function isIPv6Address(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const [left = '', right] = halves;
  const before = groupsIn(left, right === undefined);
  const after = right === undefined ? 0 : groupsIn(right, true);
  if (before === null || after === null) return false;
  return right === undefined ? before === 8 : before + after <= 7;
}

/** How many groups of 16 bits there are; an IPv4 address at the very end counts as two. `null`: something is no group. */
function groupsIn(text: string, mayEndDotted: boolean): number | null {
  if (text === '') return 0;
  const parts = text.split(':');
  let groups = 0;
  for (const [index, part] of parts.entries()) {
    if (mayEndDotted && index === parts.length - 1 && isIPv4Address(part)) groups += 2;
    else if (part.length <= 4 && consistsOf(part, isHexDigit)) groups += 1;
    else return null;
  }
  return groups;
}

function isIPv4Address(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => isOctet(part));
}

const isOctet = (text: string): boolean =>
  consistsOf(text, isDigit) && text.length <= 3 && (text === '0' || !text.startsWith('0')) && Number(text) <= 255;
