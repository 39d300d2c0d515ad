/** One answered request, as the access log sees it. Everything in it that came from the client is untrusted. */
export interface AccessRecord {
  /** `''` on a unix socket. */
  remoteAddress: string;
  /** Milliseconds since 1970. */
  startedAt: number;
  durationUs: number;
  method: string;
  /** As sent: path and query, or the absolute form. */
  target: string;
  /** `'HTTP/1.1'` */
  protocol: string;
  status: number;
  /** Length of the body that was sent. */
  responseBytes: number;
  /** Called with the name in lower case. */
  requestHeader(name: string): string | undefined;
  /** Called with the name in lower case. */
  responseHeader(name: string): string | undefined;
  /** Called with the name as the format has it. */
  environment(name: string): string | undefined;
  pid: number;
}

/** The path and the query (without `?`) of a request target in any of the forms of RFC 9112, section 3.2. */
export function splitTarget(target: string): { path: string; query: string } {
  const local = target.startsWith('/') ? target : target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '');
  const mark = local.indexOf('?');
  const path = mark === -1 ? local : local.slice(0, mark);
  return { path: path === '' ? '/' : path, query: mark === -1 ? '' : local.slice(mark + 1) };
}

/**
 * The user name of Basic authentication (RFC 7617), else `undefined`. Credentials without a colon are not shown: what looks like a user
 * name might be a token.
 */
export function basicUser(record: AccessRecord, encoding: 'latin1' | 'utf8'): string | undefined {
  const credentials = /^basic +([\w+/=-]+)/i.exec(record.requestHeader('authorization') ?? '')?.[1];
  if (credentials === undefined) return undefined;
  const text = Buffer.from(credentials, 'base64').toString(encoding);
  const colon = text.indexOf(':');
  return colon > 0 ? text.slice(0, colon) : undefined;
}

/** Whole microseconds, never below zero. */
export function wholeMicroseconds(record: AccessRecord): number {
  return Math.max(0, Math.round(record.durationUs));
}
