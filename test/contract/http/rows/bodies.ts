import { chunked, get, head, post, rowOf } from '../case.ts';

const SMUGGLED = head('GET /mark HTTP/1.1');
const EXPECT = ['Expect: 100-continue', 'Content-Length: 5'] as const;

/** RFC 9112, sections 9.3 and 9.6. */
export const earlyAnswers = rowOf('early answer, unread body', [
  {
    name: 'a body that looks like a request is never one',
    send: post([`Content-Length: ${SMUGGLED.length}`], SMUGGLED, '/ignore-body'),
    expect: 200,
    after: 'open or closed',
  },
  {
    name: 'a chunk that looks like a request is never one',
    send: chunked(`${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`, '/ignore-body'),
    expect: 200,
    after: 'open or closed',
  },
  {
    name: 'the body comes after the answer',
    send: [post([`Content-Length: ${SMUGGLED.length}`], '', '/ignore-body'), SMUGGLED],
    expect: 200,
    after: 'open or closed',
  },
  {
    name: 'the chunks come after the answer',
    send: [chunked('', '/ignore-body'), `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`],
    expect: 200,
    after: 'open or closed',
  },
  {
    name: 'a body that was read in part',
    send: post([`Content-Length: ${SMUGGLED.length}`], SMUGGLED, '/read-some'),
    expect: 200,
    after: 'open or closed',
  },
  {
    name: 'a large body',
    send: post(['Content-Length: 200000'], SMUGGLED.repeat(10_000).slice(0, 200_000), '/ignore-body'),
    expect: 200,
    after: 'open or closed',
  },
  {
    name: 'malformed chunks after the answer end the connection',
    send: [chunked('', '/ignore-body'), `zz\r\n${SMUGGLED}`],
    expect: 200,
    orElse: [[200, 400]],
    after: 'closed',
  },
]);

/** RFC 9110, section 10.1.1. */
export const expectations = rowOf('expect', [
  {
    name: 'the body comes after the 100',
    send: [post(EXPECT, ''), 'hello'],
    expect: [100, 200],
    after: 'open',
    sees: [{ body: 'hello' }],
  },
  {
    name: 'in other letters',
    send: [post(['Expect: 100-Continue', 'Content-Length: 5'], ''), 'hello'],
    expect: [100, 200],
    after: 'open',
    sees: [{ body: 'hello' }],
  },
  {
    name: 'the chunks come after the 100',
    send: [post(['Expect: 100-continue', 'Transfer-Encoding: chunked'], ''), '5\r\nhello\r\n0\r\n\r\n'],
    expect: [100, 200],
    after: 'open',
    sees: [{ body: 'hello' }],
  },
  {
    name: 'the body does not wait',
    send: post(EXPECT, 'hello'),
    expect: 200,
    mayContinue: true,
    after: 'open',
    sees: [{ body: 'hello' }],
  },
  { name: 'without a body', send: get('Expect: 100-continue'), expect: 200, mayContinue: true, after: 'open' },
  {
    name: 'a body of no bytes',
    send: post(['Expect: 100-continue', 'Content-Length: 0'], ''),
    expect: 200,
    mayContinue: true,
    after: 'open',
  },
  {
    name: 'no 100 when the application does not read',
    send: [post(EXPECT, '', '/ignore-body'), 'hello'],
    expect: 200,
    after: 'open or closed',
  },
  {
    name: 'two in one connection',
    send: [post(EXPECT, ''), 'hello', post(EXPECT, ''), 'world'],
    expect: [100, 200, 100, 200],
    after: 'open',
    sees: [{ body: 'hello' }, { body: 'world' }],
  },
  ...['200-ok', '100-continued', '100', 'x', '100-continue, x', '100-continue;q=1', '"100-continue"'].map((value) => ({
    name: `another: ${value}`,
    send: post([`Expect: ${value}`, 'Content-Length: 5'], 'hello'),
    expect: 417,
    after: 'closed' as const,
  })),
  {
    name: 'two fields, one of them another',
    send: get('Expect: 100-continue', 'Expect: x'),
    expect: 417,
    after: 'closed',
  },
  {
    name: 'no 100 in HTTP/1.0',
    send: `${head('POST / HTTP/1.0', ...EXPECT)}hello`,
    expect: 200,
    after: 'closed',
    sees: [{ body: 'hello' }],
  },
  {
    name: 'another in HTTP/1.0 means nothing',
    send: head('GET / HTTP/1.0', 'Expect: x'),
    expect: 200,
    orElse: [[417]],
    after: 'closed',
  },
]);

const WEBSOCKET = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
];

/** RFC 9110, section 7.8: the application here has no handler for it. */
export const upgrades = rowOf('upgrade', [
  { name: 'ignored without a handler', send: get(...WEBSOCKET), expect: 200, after: 'open', sees: [{ method: 'GET' }] },
  {
    name: 'h2c is ignored',
    send: get('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'),
    expect: 200,
    after: 'open',
  },
  { name: 'without Connection', send: get('Upgrade: websocket'), expect: 200, after: 'open' },
  { name: 'Connection without Upgrade', send: get('Connection: upgrade'), expect: 200, after: 'open' },
  {
    name: 'a request behind it is a request',
    send: get(...WEBSOCKET) + get('X: a'),
    expect: [200, 200],
    after: 'open',
    sees: [{}, { fields: { x: 'a' } }],
  },
  {
    name: 'a body is a body',
    send: post([...WEBSOCKET, 'Content-Length: 5'], 'hello'),
    expect: 200,
    after: 'open',
    sees: [{ body: 'hello' }],
  },
  {
    name: 'bytes that are no request are refused',
    send: `${get(...WEBSOCKET)}\x81\x85\x00\x00\x00\x00hello`,
    expect: [200, 400],
    after: 'closed',
  },
]);
