import { TOKEN, withoutOws } from './grammar.ts';
import { type Refusal, refusal } from './refusal.ts';

const malformed = refusal(400, 'malformed Transfer-Encoding');
const notLast = refusal(400, 'chunked not the last transfer coding');
const unknown = refusal(501, 'unknown transfer coding');

/**
 * Judges the `Transfer-Encoding` of a request, several fields joined by commas: `null` for exactly one `chunked`. Behind `chunked` no other
 * coding may come: nobody could tell where the body ends (RFC 9112, section 6.3). A coding that is not understood comes second: it is 501
 * where it stands in front of `chunked`, or by itself (section 6.1).
 */
export function transferCodingFault(value: string): Refusal | null {
  const lower = value.toLowerCase();
  if (lower === 'chunked') return null;
  const codings = lower.split(',').map(withoutOws);
  const at = codings.indexOf('chunked');
  if (!codings.every((coding) => TOKEN.test(coding)) || codings.indexOf('chunked', at + 1) > at) return malformed;
  if (at === -1) return unknown;
  return at === codings.length - 1 ? unknown : notLast;
}
