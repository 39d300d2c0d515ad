import { chunked, get, head, post, type RowCase, refused, rowOf, taken } from '../case.ts';

const HELLO = '5\r\nhello\r\n0\r\n\r\n';
const encoded = (...values: readonly string[]) =>
  post(
    values.map((value) => `Transfer-Encoding: ${value}`),
    HELLO,
  );

const MALFORMED = [
  ...[
    '',
    ' ',
    '\t',
    ',',
    ', ,',
    'chunked,',
    'chunked, ',
    'chunked ,',
    ',chunked',
    ', chunked',
    'chunked,,',
    'chunked, chunked',
  ],
  ...[
    'chunked,chunked',
    'Chunked, chunked',
    'chunked chunked',
    'chun ked',
    'chunked;',
    'chunked;q=1',
    'chunked; q=1',
    'chunked;a=b',
  ],
  ...[
    '"chunked"',
    'chunked\'"',
    'chunked\0',
    '\0chunked',
    'chunked\x0b',
    '\x0bchunked',
    'chunked\x0c',
    '\x0cchunked',
    '\xa0chunked',
  ],
  ...[
    'chunked\xa0',
    'chunked\x85',
    'chunked/1',
    '(chunked)',
    'chunked:',
    'chunked=1',
    '[chunked]',
    '{chunked}',
    'chunk\xc3\xa9d',
    '=',
  ],
  ...[
    'chunked@',
    '\\chunked',
    'gzip, chunked, chunked',
    'chunked, gzip, chunked',
    'gzip, , chunked, chunked',
    'gzip;, chunked',
    'gzip chunked',
  ],
];
const UNKNOWN = [
  'gzip',
  'gzip, chunked',
  'gzip,chunked',
  'deflate',
  'compress',
  'br',
  'x-foo',
  'gzip, deflate',
  'identity',
];
const LOOK_ALIKES = [
  'xchunked',
  'chunkedx',
  'chunke',
  'chunked-x',
  'x-chunked',
  '-chunked',
  'chunked.',
  'chunked_',
  '*',
  'cow',
];
/** Nobody knows where such a body ends, whatever the coding behind it is (RFC 9112, section 6.3). */
const NOT_LAST = ['chunked, gzip', 'chunked,gzip', 'chunked, identity', 'gzip, chunked, deflate', 'Chunked, x-foo'];
/** Refused in any case; which of the two faults is told is open. */
const DOUBLY_WRONG = ['identity, chunked', 'gzip;q=1, chunked', 'gzip,, chunked'];

const families: readonly RowCase[] = [
  ...MALFORMED.map((value) => refused(`Transfer-Encoding ${JSON.stringify(value)}`, encoded(value))),
  ...[...UNKNOWN, ...LOOK_ALIKES].map((value) => refused(`unknown coding ${value}`, encoded(value), 501)),
  ...NOT_LAST.map((value) => refused(`chunked not last: ${value}`, encoded(value))),
  ...DOUBLY_WRONG.map((value) => ({ ...refused(`unsupported ${value}`, encoded(value), 501), orElse: [[400]] })),
  ...['chunked', 'Chunked', 'CHUNKED', 'cHuNkEd', ' chunked', '\tchunked\t', 'chunked  '].map((value) =>
    taken(`Transfer-Encoding ${JSON.stringify(value)}`, encoded(value), { body: 'hello' }),
  ),
];

/** RFC 9112, sections 6.1, 6.3 and 7. */
export const transferEncoding = rowOf('transfer-encoding', [
  ...families,
  taken('no space before it', post(['transfer-encoding:chunked'], HELLO), { body: 'hello' }),
  taken('of a GET', `${get('Transfer-Encoding: chunked')}${HELLO}`, { method: 'GET' }),
  taken('a name with an underscore is another field', post(['Transfer_Encoding: chunked'], ''), { body: '' }),
  taken('an underscore beside Content-Length', post(['Transfer_Encoding: chunked', 'Content-Length: 2'], 'ab'), {
    body: 'ab',
  }),
  refused('without value or space', post(['Transfer-Encoding:'], HELLO)),
  refused('chunked in two fields', encoded('chunked', 'chunked')),
  refused('chunked, then another in a second field', encoded('chunked', 'gzip')),
  refused('chunked, then identity in a second field', encoded('chunked', 'identity')),
  { ...refused('chunked, then an empty second field', encoded('chunked', '')), orElse: [[501]] },
  { ...refused('an empty field, then chunked', encoded('', 'chunked')), orElse: [[501]] },
  refused('another in a first field', encoded('gzip', 'chunked'), 501),
  refused('behind Content-Length', post(['Content-Length: 5', 'Transfer-Encoding: chunked'], HELLO)),
  refused('before Content-Length', post(['Transfer-Encoding: chunked', 'Content-Length: 5'], HELLO)),
  refused('with Content-Length 0', post(['Transfer-Encoding: chunked', 'Content-Length: 0'], HELLO)),
  refused('with other fields in between', post(['Content-Length: 5', 'X: a', 'Transfer-Encoding: chunked'], HELLO)),
  refused('in other letters, with Content-Length', post(['TRANSFER-ENCODING: CHUNKED', 'content-length: 5'], HELLO)),
  refused('of a GET, with Content-Length', get('Content-Length: 0', 'Transfer-Encoding: chunked')),
  {
    ...refused('unknown, with Content-Length', post(['Transfer-Encoding: gzip', 'Content-Length: 5'], HELLO)),
    orElse: [[501]],
  },
  {
    ...refused('identity, with Content-Length', post(['Transfer-Encoding: identity', 'Content-Length: 5'], HELLO)),
    orElse: [[501]],
  },
  refused('empty, with Content-Length', post(['Transfer-Encoding:', 'Content-Length: 5'], HELLO)),
  refused('in HTTP/1.0', head('POST / HTTP/1.0', 'Transfer-Encoding: chunked') + HELLO),
  refused(
    'in HTTP/1.0 that is kept alive',
    head('POST / HTTP/1.0', 'Connection: keep-alive', 'Transfer-Encoding: chunked') + HELLO,
  ),
  refused(
    'in HTTP/1.0, with Content-Length',
    head('POST / HTTP/1.0', 'Transfer-Encoding: chunked', 'Content-Length: 5') + HELLO,
  ),
  {
    name: 'a request behind a chunked one',
    send: chunked(HELLO) + get('X: b'),
    expect: [200, 200],
    after: 'open',
    sees: [{ body: 'hello' }, { method: 'GET', fields: { x: 'b' } }],
  },
]);
