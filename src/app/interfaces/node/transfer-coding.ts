import { TOKEN, withoutOws } from '../../../http/grammar.ts';
import { type Refusal, refusal } from '../../../http/refusal.ts';

const malformed = refusal(400, 'malformed Transfer-Encoding');
const unknown = refusal(501, 'unknown transfer coding');

/**
 * Judges `Transfer-Encoding`, several fields joined by commas: `null` for exactly one `chunked`. llhttp hands a request over before it finds
 * that it cannot read its body, and takes an empty value for none.
 */
export function transferCodingFault(value: string): Refusal | null {
  const lower = value.toLowerCase();
  if (lower === 'chunked') return null;
  const codings = lower.split(',').map(withoutOws);
  const others = codings.filter((coding) => coding !== 'chunked');
  const isWellFormed = codings.every((coding) => TOKEN.test(coding)) && codings.length - others.length <= 1;
  return isWellFormed && others.length > 0 ? unknown : malformed;
}
