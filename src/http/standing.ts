/** The fields that every answer has, `Date` and `Server`, where the application gave none of its own. */
export interface StandingFields {
  /** As lines with their ends. */
  text(given: { readonly hasDate: boolean; readonly hasServer: boolean } | null): string;
}

/**
 * `Date` (RFC 9110, section 6.6.1) is made once a second: to format it takes as long as to parse a request. It follows the wall clock, also
 * when that is set back.
 *
 * @param serverHeader what `Server` says; `null`: there is none.
 */
export function createStandingFields(
  serverHeader: string | null,
  wallClockMs: () => number = Date.now,
): StandingFields {
  const server = serverHeader === null ? '' : `Server: ${serverHeader}\r\n`;
  let second = Number.NaN;
  let date = '';
  let both = '';
  return {
    text(given) {
      const now = Math.floor(wallClockMs() / 1000);
      if (now !== second) {
        second = now;
        date = `Date: ${new Date(now * 1000).toUTCString()}\r\n`;
        both = date + server;
      }
      if (given === null || (!given.hasDate && !given.hasServer)) return both;
      return `${given.hasDate ? '' : date}${given.hasServer ? '' : server}`;
    },
  };
}
