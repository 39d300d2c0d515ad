/**
 * `Date` as it is sent (RFC 9110, section 6.6.1), made once a second: to format it takes as long as to parse a request. Follows the wall
 * clock, also when that is set back.
 */
export function createDateClock(wallClockMs: () => number = Date.now): () => string {
  let second = Number.NaN;
  let text = '';
  return () => {
    const now = Math.floor(wallClockMs() / 1000);
    if (now !== second) {
      second = now;
      text = new Date(now * 1000).toUTCString();
    }
    return text;
  };
}
