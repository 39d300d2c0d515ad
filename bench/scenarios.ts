/** One kind of load, the same for every server. */
export interface Scenario {
  readonly id: string;
  readonly title: string;
  /** One sentence for the page. */
  readonly what: string;
  readonly path: string;
  /** How many bytes the answer's body has, where every server must send just as many. */
  readonly answerBytes?: number;
  /** How many bytes a request's body has; 0: a GET. */
  readonly requestBytes: number;
  /** How many connections lie idle beside those that are busy. */
  readonly idleConnections: number;
}

/** How many keep-alive connections wrk keeps busy. */
export const BUSY_CONNECTIONS = 32;

const plain = { requestBytes: 0, idleConnections: 0 };
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
];

/** The scenario of that name. Throws with the names that there are. */
export function scenarioNamed(id: string): Scenario {
  const scenario = scenarios.find((candidate) => candidate.id === id);
  if (scenario !== undefined) return scenario;
  throw new Error(`There is no scenario "${id}". There are: ${scenarios.map((one) => one.id).join(', ')}, start.`);
}
