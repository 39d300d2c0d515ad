/** What the WHATWG URL parser leaves as it is, by code: in a path (`1`), in a query (`2`). */
const PATH = 1;
const QUERY = 2;
const plain = Uint8Array.from({ length: 256 }, (_, code) => {
  if (code <= 0x20 || code >= 0x7f) return 0;
  const character = String.fromCharCode(code);
  return ('"<>\\^`{}#?'.includes(character) ? 0 : PATH) | (`"<>'#`.includes(character) ? 0 : QUERY);
});

/** The origin of the last request that had to be parsed, and a slash, as it stands in a normal URL: nearly always that of the next one. */
let knownOrigin = 'http://localhost/';

/**
 * The URL as the platform writes it, `new URL(text).href`; not parsed when it is plainly so already, which takes a tenth of the time.
 *
 * @param text absolute, `http` or `https`.
 * @throws TypeError if it is no URL.
 */
export function normalUrl(text: string): string {
  if (text.startsWith(knownOrigin) && isPlainTarget(text, knownOrigin.length - 1)) return text;
  const { href, origin } = new URL(text);
  if (text.startsWith(`${origin}/`)) knownOrigin = `${origin}/`;
  return href;
}

/** @param from where the path's first slash is. */
function isPlainTarget(text: string, from: number): boolean {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x3f) return isPlainQuery(text, at + 1);
    if (code > 0xff || ((plain[code] ?? 0) & PATH) === 0) return false;
    if (code === 0x2f && mayBeDotSegment(text.charCodeAt(at + 1))) return false;
  }
  return true;
}

/** `.`, `..`, `%2e` and their mixtures start so; so do harmless names, which are rare. */
function mayBeDotSegment(firstCode: number): boolean {
  return firstCode === 0x2e || firstCode === 0x25;
}

function isPlainQuery(text: string, from: number): boolean {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 0xff || ((plain[code] ?? 0) & QUERY) === 0) return false;
  }
  return true;
}
