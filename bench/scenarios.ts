import type { Application } from './contender.ts';

/** One kind of load, the same for every server. */
export interface Scenario {
  readonly id: string;
  readonly title: string;
  /** One sentence for the page. */
  readonly what: string;
  readonly path: string;
  /** What the servers run. */
  readonly application: Application;
  /** How many bytes the answer's body has, where every server must send just as many. */
  readonly answerBytes?: number;
  /** How many bytes a request's body has; 0: a GET. */
  readonly requestBytes: number;
  /** How many connections lie idle beside those that are busy. */
  readonly idleConnections: number;
  /** How many keep-alive connections wrk keeps busy. */
  readonly busyConnections: number;
  /**
   * How many clients send a byte a second meanwhile. Where there are any, a connection that fails is no fault of the run: what counts is what
   * was answered.
   */
  readonly slowClients: number;
}

/** How many connections wrk keeps busy where a scenario does not say. */
export const BUSY_CONNECTIONS = 32;

const plain = {
  application: 'javascript',
  requestBytes: 0,
  idleConnections: 0,
  busyConnections: BUSY_CONNECTIONS,
  slowClients: 0,
} as const;
const wsgi = { ...plain, application: 'wsgi' } as const;
const helloBytes = 'hello world\n'.length;

export const scenarios: readonly Scenario[] = [
  {
    ...plain,
    id: 'hello',
    title: 'Hello',
    what: 'A short text.',
    path: '/',
    answerBytes: helloBytes,
  },
  {
    ...plain,
    id: 'json',
    title: 'JSON',
    what: 'A small object, made and written as JSON for each request.',
    path: '/json',
  },
  {
    ...plain,
    id: 'large',
    title: 'Large body',
    what: 'A body of 100 KiB that lies ready in memory.',
    path: '/large',
    answerBytes: 100 * 1024,
  },
  {
    ...plain,
    id: 'stream',
    title: 'Streamed body',
    what: 'A body of unknown length in 16 pieces of 4 KiB, each asked for when the one before it was taken (the listener writes them one after the other).',
    path: '/stream',
    answerBytes: 16 * 4 * 1024,
  },
  {
    ...plain,
    id: 'echo',
    title: 'POST echo',
    what: 'A request with a body of 16 KiB, which is read whole and sent back.',
    path: '/echo',
    answerBytes: 16 * 1024,
    requestBytes: 16 * 1024,
  },
  {
    ...plain,
    id: 'idle',
    title: 'Hello beside 1,000 idle connections',
    what: 'The short text again, while 1,000 further connections that each had one answer lie idle.',
    path: '/',
    answerBytes: helloBytes,
    idleConnections: 1_000,
  },
  {
    ...wsgi,
    id: 'wsgi-hello',
    title: 'WSGI: hello',
    what: 'A short text from a bare WSGI application.',
    path: '/',
    answerBytes: helloBytes,
  },
  {
    ...wsgi,
    id: 'wsgi-json',
    title: 'WSGI: JSON from Flask',
    what: 'A small object, made and written as JSON for each request.',
    path: '/json',
  },
  {
    ...wsgi,
    id: 'wsgi-django',
    title: 'WSGI: a page of Django',
    what: 'The first page of `examples/django`: one query to SQLite and one template.',
    path: '/django',
  },
  {
    ...wsgi,
    id: 'wsgi-slow',
    title: 'WSGI: hello beside 200 slow clients',
    what: 'The short text, for 16 clients, while 200 others send a byte of their request a second.',
    path: '/',
    answerBytes: helloBytes,
    busyConnections: 16,
    slowClients: 200,
  },
  {
    ...wsgi,
    application: 'wsgi-waiting',
    id: 'wsgi-sleep',
    title: 'WSGI: a view that waits',
    what: 'A view that sleeps for 50 ms, as one does that waits for another server.',
    path: '/sleep',
    answerBytes: helloBytes,
  },
];

/** The scenario of that name. Throws with the names that there are. */
export function scenarioNamed(id: string): Scenario {
  const scenario = scenarios.find((candidate) => candidate.id === id);
  if (scenario !== undefined) return scenario;
  throw new Error(`There is no scenario "${id}". There are: ${scenarios.map((one) => one.id).join(', ')}, start.`);
}
