import { isIPv6 } from 'node:net';

/** A token (RFC 9110, section 5.6.2): methods, field names. */
export const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** What may stand in a field's value: HTAB, SP, VCHAR and obs-text (RFC 9110, section 5.5), in latin1. */
export const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * One field line with its CRLF, to be matched at `lastIndex` (RFC 9112, section 5). The value keeps its outer white space: to take it off
 * here would cost a quadratic number of steps for a value of many spaces.
 */
export const FIELD_LINE = /([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e\x80-\xff]*)\r\n/y;

/** `#` begins a fragment, which no target may have (RFC 9112, section 3.2): what follows it would be seen by some and not by others. */
export const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}) ([\x21\x22\x24-\x7e]+) HTTP\/1\.([01])$/;

/** A request line that is right but for its version. */
export const OTHER_VERSION_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64} [\x21\x22\x24-\x7e]+ HTTP\/\d\.\d$/;

/** The absolute form of a target (RFC 9112, section 3.2.2): its authority is the first group. */
export const ABSOLUTE_TARGET = /^https?:\/\/([^/?]*)(?:[/?].*)?$/i;

/** `host [":" port]` of RFC 3986 without user information, and without the comma that would make it a list. */
const HOST = /^(?:\[([0-9A-Fa-f:.]+)\]|(?:[A-Za-z0-9._~!$&'()*+;=-]|%[0-9A-Fa-f]{2})+)(?::(\d*))?$/;

/** Whether text is what `Host` may hold (RFC 9110, section 7.2). */
export function isHost(text: string): boolean {
  const match = HOST.exec(text);
  if (match === null) return false;
  const [, v6, port = ''] = match;
  return (v6 === undefined || isIPv6(v6)) && (port.length < 5 || Number(port) <= 65_535);
}

/**
 * Whether a line, which may go on, holds a carriage return that no line feed follows. `most`: as many bytes may have come before a limit is
 * broken. Behind them the limit is the fault that is told: the first one decides, so that the answer is the same however bytes are split.
 */
export function hasBareReturn(line: string, most: number): boolean {
  const at = line.indexOf('\r');
  if (at === -1 || at === line.length - 1 || line.charCodeAt(at + 1) === 0x0a) return false;
  // The CR of an empty line breaks no limit.
  return at === 0 || at < most;
}

/** Text without the optional white space around it (OWS: SP and HTAB only; `trim` takes off more). */
export function withoutOws(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isOws(text.charCodeAt(start))) start += 1;
  while (end > start && isOws(text.charCodeAt(end - 1))) end -= 1;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

function isOws(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
