import { chunked, get, head, type RowCase, rowOf } from '../case.ts';

const DELAY = head('GET /delay HTTP/1.1');
const MARK = head('GET /mark HTTP/1.1');
const POST = `${head('POST / HTTP/1.1', 'Content-Length: 5')}hello`;
const CLOSE = get('Connection: close');
const many = Array.from({ length: 20 }, (_, index) => head(`GET /${index} HTTP/1.1`));
const BAD: readonly (readonly [name: string, bytes: string])[] = [
  ['a space before a colon', get('X : a')],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
  ['bytes that are no request', '\0\0\0\0'],
  ['two framings', head('POST / HTTP/1.1', 'Content-Length: 5', 'Transfer-Encoding: chunked')],
  ['a bad chunk', chunked('zz\r\n')],
  ['more body than was announced', 'hello\r\n'],
];

/** `/mark` behind a bad request is counted by the application: the runner finds none. */
const badOnes: readonly RowCase[] = BAD.flatMap(([name, bytes]) => [
  { name: `one, then ${name}`, send: get() + bytes + MARK, expect: [200, 400], after: 'closed' as const },
  { name: `a slow one, then ${name}`, send: DELAY + bytes + MARK, expect: [200, 400], after: 'closed' as const },
  { name: `a body, then ${name}`, send: POST + bytes + MARK, expect: [200, 400], after: 'closed' as const },
]);

/** RFC 9112, section 9.3.2. */
export const pipelining = rowOf('pipelining', [
  ...badOnes,
  {
    name: 'two',
    send: head('GET /1 HTTP/1.1') + head('GET /2 HTTP/1.1'),
    expect: [200, 200],
    after: 'open',
    sees: [{ target: '/1' }, { target: '/2' }],
  },
  {
    name: 'twenty',
    send: many.join(''),
    expect: many.map(() => 200),
    after: 'open',
    sees: many.map((_, index) => ({ target: `/${index}` })),
  },
  {
    name: 'a slow one before a fast one',
    send: DELAY + get(),
    expect: [200, 200],
    after: 'open',
    sees: [{ target: '/delay' }, { target: '/' }],
  },
  {
    name: 'bodies in between',
    send: POST + chunked('5\r\nworld\r\n0\r\n\r\n') + POST,
    expect: [200, 200, 200],
    after: 'open',
    sees: [{ body: 'hello' }, { body: 'world' }, { body: 'hello' }],
  },
  {
    name: 'a HEAD in between',
    send: get() + head('HEAD / HTTP/1.1') + get('X: a'),
    expect: [200, 200, 200],
    headAnswers: [1],
    after: 'open',
    sees: [{}, {}, { fields: { x: 'a' } }],
  },
  {
    name: 'fields do not leak from one into the next',
    send: get('X: a') + get('Y: b'),
    expect: [200, 200],
    after: 'open',
    sees: [{ fields: { x: 'a', y: null } }, { fields: { x: null, y: 'b' } }],
  },
  { name: 'nothing is run behind Connection: close', send: CLOSE + MARK, expect: 200, after: 'closed' },
  {
    name: 'nothing is run behind a close in a list',
    send: get('Connection: x, CLOSE') + MARK,
    expect: 200,
    after: 'closed',
  },
  { name: 'nothing is run behind HTTP/1.0', send: head('GET / HTTP/1.0') + MARK, expect: 200, after: 'closed' },
  { name: 'one, then one that closes', send: get() + CLOSE, expect: [200, 200], after: 'closed' },
  {
    name: 'one, then another version',
    send: `${get()}${head('GET / HTTP/2.0')}${MARK}`,
    expect: [200, 505],
    after: 'closed',
  },
]);
