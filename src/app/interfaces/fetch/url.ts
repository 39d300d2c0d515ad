/**
 * What the WHATWG URL parser leaves as it is in a path and a query: nothing that it encodes or turns around, and no segment that starts
 * with a dot, plain or encoded, since it may be a dot segment.
 */
const PLAIN_TARGET = /^(?:\/(?![.%])[\w\-.~!$&'()*+,;=:@%|[\]]*)+(?:\?[\w\-.~!$&()*+,;=:@%/?|[\]\\^`{}]*)?$/;

/** The last origin that was found to be normal: nearly always that of the next request. */
let knownOrigin = 'http://localhost';

/**
 * The URL as the platform writes it, `new URL(origin + target).href`; not parsed when it is plainly so already, which takes 25 to 85 ns
 * instead of 400.
 *
 * @param origin scheme and authority, as they arrived.
 * @param target path and query, as they arrived. What does not start with a slash is taken for a path without one, never for a part of
 *   the authority.
 * @throws TypeError if it is no URL.
 */
export function normalUrl(origin: string, target: string): string {
  if (origin === knownOrigin && PLAIN_TARGET.test(target)) return origin + target;
  // Alone: without a host, the start of the target would be taken for one.
  if (origin !== knownOrigin && new URL(origin).origin === origin) knownOrigin = origin;
  return new URL(target.startsWith('/') ? origin + target : `${origin}/${target}`).href;
}
