import { setting } from '../setting.ts';

/** A day: whoever wants longer wants it off, and a timer of Node holds no more than 24 days. */
const LONGEST_S = 86_400;

/** How long things may take. Users write seconds; `limits.ts` turns them into milliseconds. */
export const timeouts = [
  setting({
    name: 'timeout',
    section: 'Timeouts',
    unit: 's',
    appliesOn: 'reload',
    schema: { type: 'number', minimum: 0, maximum: LONGEST_S },
    default: 30,
    example: 60,
    short: 't',
    summary: "How long a worker's event loop may be silent before the worker is killed; 0: for ever.",
    details:
      'It bounds code that blocks, not requests that wait: a worker that awaits a slow database still answers the master.',
  }),
  setting({
    name: 'gracefulTimeout',
    section: 'Timeouts',
    unit: 's',
    appliesOn: 'reload',
    schema: { type: 'number', minimum: 0, maximum: LONGEST_S },
    default: 30,
    example: 10,
    summary: 'How long a worker may finish its requests after it is told to stop.',
    details: 'A worker that is still alive after this many seconds is killed with SIGKILL.',
  }),
  setting({
    name: 'keepAlive',
    section: 'Timeouts',
    unit: 's',
    appliesOn: 'reload',
    schema: { type: 'number', minimum: 0, maximum: LONGEST_S },
    default: 75,
    example: 5,
    summary: 'How long a connection may idle between two requests; 0: every answer closes its connection.',
    details:
      'Behind a proxy it should be longer than the time the proxy keeps idle connections to its upstream, or the proxy sends requests into connections that close.',
  }),
  setting({
    name: 'bootTimeout',
    section: 'Timeouts',
    unit: 's',
    appliesOn: 'reload',
    schema: { type: 'number', exclusiveMinimum: 0, maximum: LONGEST_S },
    default: 60,
    example: 120,
    summary: 'How long a worker may take from its start until it is ready.',
    details: 'A worker that takes longer is killed and counts as a failed boot.',
  }),
  setting({
    name: 'drainIdleTimeout',
    section: 'Timeouts',
    unit: 's',
    appliesOn: 'reload',
    schema: { type: 'number', minimum: 0, maximum: LONGEST_S },
    default: 2,
    example: 0.5,
    summary: 'How long a worker that stops keeps idle connections open for a request that is already on its way.',
    details: 'It is what lets a reload lose no request of clients that reuse connections. `gracefulTimeout` bounds it.',
  }),
  setting({
    name: 'requestTimeout',
    section: 'Timeouts',
    unit: 's',
    appliesOn: 'reload',
    schema: { type: 'number', minimum: 0, maximum: LONGEST_S },
    default: 0,
    example: 60,
    summary: 'How long one request may take, from its head to the end of its answer; 0: for ever.',
    details:
      'At the limit the client gets 503 if nothing was sent yet, else its connection is cut. The application is told by its abort signal, and runs on.',
  }),
  setting({
    name: 'headerTimeout',
    section: 'Timeouts',
    unit: 's',
    appliesOn: 'reload',
    schema: { type: 'number', exclusiveMinimum: 0, maximum: LONGEST_S },
    default: 10,
    example: 5,
    summary: 'How long the head of a request may take, from its first byte.',
    details:
      'At the limit the client gets 408 and the connection is closed. A new connection that says nothing is closed after the same time; so is one whose TLS handshake or PROXY header does not end.',
  }),
  setting({
    name: 'bodyTimeout',
    section: 'Timeouts',
    unit: 's',
    appliesOn: 'reload',
    schema: { type: 'number', exclusiveMinimum: 0, maximum: LONGEST_S },
    default: 30,
    example: 10,
    summary: 'How long a client may be silent within the body of a request.',
    details:
      'At the limit it gets 408 and the connection is closed. Less than 1 KiB within this time counts as silence. An application that does not read is not the fault of the client.',
  }),
  setting({
    name: 'writeTimeout',
    section: 'Timeouts',
    unit: 's',
    appliesOn: 'reload',
    schema: { type: 'number', exclusiveMinimum: 0, maximum: LONGEST_S },
    default: 60,
    example: 30,
    summary: 'How long a client may not read the answer that waits for it.',
    details: 'At the limit the connection is closed. Less than 1 KiB within this time counts as not reading.',
  }),
] as const;
