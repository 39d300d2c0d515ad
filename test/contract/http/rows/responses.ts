import { get, type HttpAnswer, head, type RowCase, rowOf } from '../case.ts';

const ask = (path: string, method = 'GET') => head(`${method} ${path} HTTP/1.1`);

const bodyIs = (text: string) => (answers: readonly HttpAnswer[]) => {
  const body = answers.at(-1)?.body.toString('latin1');
  return body === text ? null : `the body is ${JSON.stringify(body)}`;
};

/** RFC 9110, sections 6.4.1 and 9.3.2. */
export const bodyless = rowOf('head, 204, 304', [
  { name: 'HEAD', send: ask('/', 'HEAD'), expect: 200, headAnswers: [0], after: 'open' },
  { name: 'HEAD of a stream', send: ask('/stream', 'HEAD'), expect: 200, headAnswers: [0], after: 'open' },
  { name: 'HEAD of a large body', send: ask('/large', 'HEAD'), expect: 200, headAnswers: [0], after: 'open' },
  { name: 'HEAD of a sized body', send: ask('/long', 'HEAD'), expect: 200, headAnswers: [0], after: 'open or closed' },
  { name: 'HEAD, then GET', send: ask('/stream', 'HEAD') + get(), expect: [200, 200], headAnswers: [0], after: 'open' },
  { name: 'HEAD of what throws', send: ask('/throw', 'HEAD'), expect: 500, headAnswers: [0], after: 'closed' },
  { name: '204', send: ask('/no-content'), expect: 204, after: 'open' },
  { name: '204 to a HEAD', send: ask('/no-content', 'HEAD'), expect: 204, headAnswers: [0], after: 'open' },
  { name: '204, then GET', send: ask('/no-content') + get(), expect: [204, 200], after: 'open' },
  { name: '304', send: ask('/not-modified'), expect: 304, after: 'open' },
  { name: '304 to a HEAD', send: ask('/not-modified', 'HEAD'), expect: 304, headAnswers: [0], after: 'open' },
  { name: '304, then GET', send: ask('/not-modified') + get(), expect: [304, 200], after: 'open' },
]);

function noInjection(answers: readonly HttpAnswer[]): string | null {
  const injected = answers.find(({ headers, body }) => 'x-injected' in headers || body.includes('X-Injected'));
  return injected === undefined ? null : 'a field of the attacker got out';
}

const injections: readonly RowCase[] = ['value', 'lf', 'nul', 'name'].map((what) => ({
  name: `injection: ${what}`,
  send: ask(`/inject-${what}`),
  expect: 500,
  after: 'closed',
  check: noInjection,
}));

const HOP_BY_HOP = ['keep-alive', 'proxy-connection', 'upgrade', 'te'];

/** RFC 9110, section 7.6.1; RFC 9112, section 11.1. */
export const responseHeads = rowOf('response head', [
  ...injections,
  {
    name: 'injection: reason',
    send: ask('/inject-reason'),
    expect: 500,
    orElse: [[200]],
    after: 'open or closed',
    check: noInjection,
  },
  {
    name: 'injection: trailer',
    send: ask('/inject-trailer'),
    expect: 200,
    orElse: [[500], []],
    after: 'open or closed',
    check: noInjection,
  },
  {
    name: 'injection: early hints',
    send: ask('/inject-early-hints'),
    expect: 200,
    orElse: [[103, 200], [500]],
    after: 'open or closed',
    check: noInjection,
  },
  {
    name: 'hop-by-hop fields of the application',
    send: ask('/hop-by-hop'),
    expect: 200,
    orElse: [[500]],
    after: 'open or closed',
    check(answers) {
      const headers = answers[0]?.headers ?? {};
      // `Keep-Alive` may stand there, with the server's own word.
      const left = HOP_BY_HOP.filter(
        (name) => name in headers && !(name === 'keep-alive' && !headers[name]?.includes('9999')),
      );
      if (/upgrade|x-private/i.test(headers.connection ?? '')) left.push('connection');
      return left.length === 0 ? null : `the application's ${left.join(', ')} got out`;
    },
  },
  {
    name: "the application's Transfer-Encoding",
    send: ask('/own-encoding'),
    expect: 200,
    orElse: [[500]],
    after: 'open or closed',
  },
]);

/** RFC 9112, section 8. */
export const lengths = rowOf('content-length against bytes', [
  { name: 'fewer bytes than announced', send: ask('/short'), expect: [], after: 'cut' },
  { name: 'fewer bytes than announced, then a request', send: ask('/short') + ask('/mark'), expect: [], after: 'cut' },
  { name: 'one, then fewer bytes than announced', send: get() + ask('/short'), expect: [200], after: 'cut' },
  {
    name: 'more bytes than announced',
    send: ask('/long'),
    expect: 200,
    after: 'open or closed',
    check: bodyIs('exact'),
  },
  { name: 'as many as announced', send: get(), expect: 200, after: 'open' },
]);

const old = (...lines: readonly string[]) => head('GET / HTTP/1.0', ...lines);

function unframed(answers: readonly HttpAnswer[]): string | null {
  const framing = answers[0]?.framing;
  if (framing !== 'close') return `the answer is framed by ${framing}`;
  return bodyIs('one,two,three')(answers);
}

/** RFC 9112, sections 6.1 and 9.3. */
export const oldVersion = rowOf('http/1.0', [
  { name: 'closes', send: old(), expect: 200, after: 'closed' },
  { name: 'keep-alive when asked for', send: old('Connection: keep-alive'), expect: 200, after: 'open' },
  { name: 'keep-alive in other letters', send: old('Connection: Keep-Alive'), expect: 200, after: 'open' },
  { name: 'keep-alive and close', send: old('Connection: keep-alive, close'), expect: 200, after: 'closed' },
  { name: 'close', send: old('Connection: close'), expect: 200, after: 'closed' },
  { name: 'two kept alive', send: old('Connection: keep-alive').repeat(2), expect: [200, 200], after: 'open' },
  { name: 'never chunked', send: head('GET /stream HTTP/1.0'), expect: 200, after: 'closed', check: unframed },
  {
    name: 'never chunked when kept alive',
    send: head('GET /stream HTTP/1.0', 'Connection: keep-alive'),
    expect: 200,
    after: 'closed',
    check: unframed,
  },
  { name: 'HEAD', send: head('HEAD / HTTP/1.0'), expect: 200, headAnswers: [0], after: 'closed' },
  {
    name: 'a body',
    send: `${head('POST / HTTP/1.0', 'Content-Length: 5')}hello`,
    expect: 200,
    after: 'closed',
    sees: [{ body: 'hello' }],
  },
  { name: 'no length, no body', send: head('POST / HTTP/1.0'), expect: 200, after: 'closed', sees: [{ body: '' }] },
  { name: '204', send: head('GET /no-content HTTP/1.0'), expect: 204, after: 'closed' },
  { name: 'what throws', send: head('GET /throw HTTP/1.0'), expect: 500, after: 'closed' },
]);

const half = (name: string, send: string, expect: RowCase['expect'] = 200): RowCase => ({
  name,
  send,
  expect,
  after: 'closed',
  halfClose: true,
});
const truncated = (name: string, send: string): RowCase => ({ ...half(name, send, 400), orElse: [[], [408]] });

/** RFC 9112, section 9.6; a body that ends early is truncated, section 8. */
export const halfClosed = rowOf('half-close', [
  half('behind a request', get()),
  half('behind a slow request', ask('/delay')),
  half('behind a body', `${head('POST / HTTP/1.1', 'Content-Length: 5')}hello`),
  half('behind pipelined requests', ask('/delay') + get(), [200, 200]),
  half('behind a stream', ask('/stream')),
  half('behind a large answer', ask('/large')),
  truncated('within a head', 'GET / HTTP/1.1\r\nHost: a\r\n'),
  truncated('within a request line', 'GET / HT'),
  truncated('within a sized body', `${head('POST /must-fail HTTP/1.1', 'Content-Length: 6')}hello`),
  truncated('before a sized body', head('POST /must-fail HTTP/1.1', 'Content-Length: 6')),
  truncated('within a chunk', `${head('POST /must-fail HTTP/1.1', 'Transfer-Encoding: chunked')}6\r\nhello`),
  truncated('before the last chunk', `${head('POST /must-fail HTTP/1.1', 'Transfer-Encoding: chunked')}5\r\nhello\r\n`),
  truncated(
    'within the last chunk',
    `${head('POST /must-fail HTTP/1.1', 'Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n`,
  ),
  truncated('within a trailer', `${head('POST /must-fail HTTP/1.1', 'Transfer-Encoding: chunked')}0\r\nX: a\r\n`),
]);

/** Whose looks the runner checks for every error anyway. */
export const errorAnswers = rowOf('error answers', [
  { name: 'the application throws', send: ask('/throw'), expect: 500, after: 'closed' },
  { name: 'the application rejects', send: ask('/reject'), expect: 500, after: 'closed' },
  { name: 'the application throws after the head', send: ask('/throw-late'), expect: [], after: 'cut' },
  {
    name: 'nothing is run behind one that throws after the head',
    send: ask('/throw-late') + ask('/mark'),
    expect: [],
    after: 'cut',
  },
  { name: 'one, then one that throws', send: get() + ask('/throw'), expect: [200, 500], after: 'closed' },
]);
