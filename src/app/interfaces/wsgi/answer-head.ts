import { InvalidResponse, type ResponseHead, renderFields } from '../../../http/response-head.ts';

/** The head that an application gave, checked. */
export interface AnswerHead extends ResponseHead {
  /** Names and values, alternating. */
  readonly list: readonly string[];
}

/** Bounds what is remembered: an application with cookies gives ever new heads. */
const MOST_KNOWN = 512;
const LONGEST_KNOWN = 2048;
const STATUS_LINE = /^(\d{3})(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
const known = new Map<string, AnswerHead>();

/**
 * Reads `200 OK` and the lines of fields below it. A Python process is believed nothing; but the same text was checked once for all.
 *
 * @throws InvalidResponse
 */
export function readAnswerHead(text: string): AnswerHead {
  const seen = known.get(text);
  if (seen !== undefined) return seen;
  const [statusLine = '', ...lines] = text.split('\n');
  const [, status = '', reason = ''] = STATUS_LINE.exec(statusLine) ?? [];
  if (status < '200') throw new InvalidResponse(`no status that an answer can have: ${JSON.stringify(statusLine)}`);
  const list = readFields(lines);
  const head = { status: Number(status), reason, fields: renderFields(list), list };
  if (text.length > LONGEST_KNOWN) return head;
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(text, head);
  return head;
}

/**
 * Takes lines `Name: value` apart, without judging them.
 *
 * @throws InvalidResponse where there is no colon
 */
export function readFields(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const colon = line.indexOf(': ');
    if (colon === -1)
      throw new InvalidResponse(`a line of the head has no colon: ${JSON.stringify(line.slice(0, 80))}`);
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
}
