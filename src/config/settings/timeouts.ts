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
] as const;
