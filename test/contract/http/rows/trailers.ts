import { byteName, CONTROLS, chunked, get, type RowCase, rowOf, taken } from '../case.ts';

const BODY = '5\r\nhello\r\n0\r\n';

function broken(name: string, trailers: string, status = 400): RowCase {
  return { name, send: chunked(`${BODY}${trailers}`, '/must-fail'), expect: status, after: 'closed' };
}

/** RFC 9110, section 6.5.1: framing, routing, authentication, request modifiers and what describes the content. */
const FORBIDDEN = [
  ...[
    'Transfer-Encoding',
    'Content-Length',
    'Host',
    'Authorization',
    'Proxy-Authorization',
    'Cookie',
    'TE',
    'Trailer',
    'Connection',
  ],
  ...[
    'Upgrade',
    'Expect',
    'Content-Encoding',
    'Content-Type',
    'Content-Range',
    'Max-Forwards',
    'hOsT',
    'CONTENT-LENGTH',
    'transfer-encoding',
  ],
];
const MALFORMED = [
  ...[
    'X\r\n\r\n',
    'X a\r\n\r\n',
    ': a\r\n\r\n',
    'X : a\r\n\r\n',
    'X\t: a\r\n\r\n',
    ' X: a\r\n\r\n',
    '\tX: a\r\n\r\n',
    'X: a\r\n b\r\n\r\n',
  ],
  ...[
    'X: a\n\r\n',
    'X: a\r\n\n',
    'X: a\n\n',
    'X: a\rb\r\n\r\n',
    'X: a\r\r\n\r\n',
    'X\xe9: a\r\n\r\n',
    'X(Y): a\r\n\r\n',
    'X: a\r\nY\r\n\r\n',
  ],
  ...['X: a\r\n\rX', ' \r\n\r\n'],
];
const names = Array.from({ length: 100 }, (_, index) => `X${index}: a\r\n`);

/** RFC 9112, section 7.1.2: checked, then dropped. */
export const trailers = rowOf('trailers', [
  ...FORBIDDEN.map((name) => broken(`the trailer ${name}`, `${name}: 5\r\n\r\n`)),
  ...FORBIDDEN.slice(0, 3).map((name) => broken(`the trailer ${name} behind another`, `X: a\r\n${name}: 5\r\n\r\n`)),
  ...MALFORMED.map((text) => broken(`malformed ${JSON.stringify(text)}`, text)),
  ...CONTROLS.filter((byte) => byte !== 0x0a && byte !== 0x0d).flatMap((byte) => [
    broken(`${byteName(byte)} in a trailer's value`, `X: a${String.fromCharCode(byte)}b\r\n\r\n`),
    broken(`${byteName(byte)} in a trailer's name`, `X${String.fromCharCode(byte)}: a\r\n\r\n`),
  ]),
  taken('one, which the headers never hold', chunked(`${BODY}X-T: a\r\n\r\n`), {
    body: 'hello',
    fields: { 'x-t': null },
  }),
  taken('several', chunked(`${BODY}X-T: a\r\nX-U:\r\nX-T: \xe9\r\n\r\n`), { body: 'hello', fields: { 'x-t': null } }),
  taken('one that names a field of the head', chunked(`${BODY}X: b\r\n\r\n`).replace('Host', 'X: a\r\nHost'), {
    fields: { x: 'a' },
  }),
  taken('__proto__', chunked(`${BODY}__proto__: a\r\n\r\n`), { body: 'hello' }),
  taken('100', chunked(`${BODY}${names.join('')}\r\n`), { body: 'hello', fields: { x1: null } }),
  broken('101', `${names.join('')}Y: a\r\n\r\n`, 431),
  taken('one of 8190 bytes', chunked(`${BODY}X:${'a'.repeat(8_188)}\r\n\r\n`), { body: 'hello' }),
  broken('one of 8191 bytes', `X:${'a'.repeat(8_189)}\r\n\r\n`, 431),
  taken('as much as a head may hold', chunked(`${BODY}${`X:${'a'.repeat(8_188)}\r\n`.repeat(4)}\r\n`), {
    body: 'hello',
  }),
  broken('more than a head may hold', `X:${'a'.repeat(8_000)}\r\n`.repeat(5), 431),
  {
    name: 'a request behind them',
    send: chunked(`${BODY}X-T: a\r\n\r\n`) + get(),
    expect: [200, 200],
    after: 'open',
    sees: [{ body: 'hello' }, { method: 'GET', fields: { 'x-t': null } }],
  },
]);
