/** Why the server itself answers a request, or ends a connection, before or in place of the application. */
export interface Refusal {
  readonly status: RefusalStatus;
  /** For the log: what was wrong, without a byte of what the client sent. */
  readonly reason: string;
}

const phrases = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
} as const;

export type RefusalStatus = keyof typeof phrases;

export function refusal(status: RefusalStatus, reason: string): Refusal {
  return { status, reason };
}

export const bareLineFeed = refusal(400, 'line feed without carriage return');
export const bareReturn = refusal(400, 'carriage return without line feed');

/** The whole answer, after which the connection is closed: small, plain, and nothing in it about the server's insides. */
export function refusalText(status: RefusalStatus, context: { standing: string; isHead: boolean }): string {
  const phrase = phrases[status];
  const allow = status === 405 ? 'Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n' : '';
  return (
    `HTTP/1.1 ${status} ${phrase}\r\n${context.standing}${allow}Content-Type: text/plain; charset=utf-8\r\n` +
    `Content-Length: ${phrase.length + 1}\r\nConnection: close\r\n\r\n${context.isHead ? '' : `${phrase}\n`}`
  );
}
