import fc from 'fast-check';

/** Mostly the first, now and then one of the others. */
export function mostly<T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>, weight = 12): fc.Arbitrary<T> {
  return fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: odd });
}

/** Methods, good and bad. */
export const method = mostly(
  fc.constantFrom('GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'QUERY'),
  fc.constantFrom('CONNECT', 'get', "!#$%&'*+-.^_`|~09", 'M'.repeat(64), 'M'.repeat(65), '', 'G\xc9T', 'G(T'),
);
/** Targets of all forms, and of none. */
export const target = mostly(
  fc.constantFrom(
    '/',
    '/a',
    '/a?b=c',
    '//b/c',
    '/%zz',
    '/a:80',
    `/${'t'.repeat(20)}`,
    '/"<>\\^`{|}',
    '*',
    'http://b',
    'https://b:8/c?d',
    'HTTP://[::1]/',
    'http://a',
  ),
  fc.constantFrom(
    '',
    'a',
    '/#',
    '/a#b',
    '#',
    'a:80',
    'http://',
    'http:///c',
    'http://u@b/',
    'ftp://b/',
    'http://b:99999',
    '/\xfc',
    '/ b',
    'http://[1::2::3]/',
    '**',
    '?a',
    'http://b#c',
  ),
);
/** The end of a request line. */
export const version = mostly(
  fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'),
  fc.constantFrom('HTTP/0.9', 'HTTP/2.0', 'HTTP/1.2', 'http/1.1', 'HTTP/1', 'HTTP/1.10', 'RTSP/1.0', 'ICE/1.0', ''),
  20,
);
/** Values of `Host`. */
export const host = mostly(
  fc.constantFrom('a', 'a:80', 'a.example', '127.0.0.1:8000', '[::1]', '[2001:db8::1]:80', 'a:', '[::ffff:192.0.2.1]'),
  fc.constantFrom(
    '',
    'a,b',
    'u@a',
    'a/b',
    'a b',
    ':80',
    '[',
    '[::1',
    '[1:2:3:4:5:6:7:8:9]',
    '[1:2:3:4:5:6:7::]',
    '[::1.2.3.256]',
    '[v1.a]',
    'a:65536',
    'a:x',
    '%61',
    '%6',
    '\xfc',
    'a%zz',
    '[::1]x',
    '[12345::]',
  ),
);
/** Values of `Content-Length`. */
export const length = mostly(
  fc.constantFrom('0', '1', '5', '12', '13', '0005'),
  fc.constantFrom(
    '',
    '+5',
    '-1',
    '5,5',
    '0x5',
    '5 5',
    '5_0',
    '9007199254740991',
    '9007199254740992',
    '99999999999999999999',
    '0000000000000005',
    '00000000000000005',
    '\xb2',
    '5a',
  ),
  2,
);
/** Values of `Transfer-Encoding`. */
export const coding = mostly(
  fc.constantFrom('chunked', 'Chunked', 'CHUNKED'),
  fc.constantFrom(
    '',
    'gzip',
    'gzip, chunked',
    'chunked, gzip',
    'chunked,chunked',
    'chunked,',
    ',chunked',
    'chunked;a',
    'identity',
    'x chunked',
    '"chunked"',
    'chunked\x0b',
    'xchunked',
  ),
  3,
);

/** Field lines without their ends: harmless ones, those that decide over the connection, faulty ones. */
export const field = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'X: a',
      'Accept:*/*',
      'x-empty:',
      'X_Y:  b\t',
      'Cookie: a=b; c=d',
      'X: \xe9\xff',
      'Content-Type: text/plain',
      'X-Forwarded-For: 192.0.2.1',
      '__proto__: a',
      'Date: x',
      'Referer: http://a/',
      `X: ${'v'.repeat(25)}`,
      'Cookie: e=f',
      'Set-Cookie: a',
      'Age: 1',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'Connection: close',
      'Connection: keep-alive',
      'Connection: Keep-Alive, x',
      'Connection: x,close',
      'connection:',
      'Connection: upgrade',
      'Upgrade: websocket',
      'Connection: clos\xe9',
      'Connection: close, keep-alive',
      'Expect: 100-continue',
      'TE: trailers',
      'Trailer: X',
      'Proxy-Connection: close',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'Expect: 200-ok',
      'Expect:',
      'X : a',
      ' X: a',
      '\tX: a',
      'X',
      ': a',
      'X\xe9: a',
      'X: a\0b',
      'X: a\x7f',
      'X(Y): a',
      'X: a\x0bb',
      'Host: a',
      'host: c',
      'X: a\rb',
      'X: a\nb',
      'X Y: a',
      ':',
      '"X": a',
      'X: \xe9\x1f',
    ),
  },
  { weight: 1, arbitrary: length.map((text) => `Content-Length: ${text}`) },
  { weight: 1, arbitrary: coding.map((text) => `transfer-encoding: ${text}`) },
);

/** Bodies, of which some look like framing. */
export const data = fc.constantFrom(
  'a',
  'hello',
  '\r\n',
  '0\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  '\0\x80\xff',
  '0123456789abcdef',
  'z'.repeat(12),
  '',
);
/** Chunk extensions. */
const extension = fc.constantFrom(
  ';a',
  ';a=b',
  ';a="b"',
  '; a = "\\"c\xe9"',
  ';a;b=c',
  ';\ta\t=\tb',
  ';',
  ';a=',
  ' ;a',
  ';a ',
  ';a="',
  ';a="\x7f"',
  ';;',
  ';a=b c',
  ' ',
  ';a="\\\x01"',
);
/** A chunk; `size` where another one is told than that of the data. */
export const chunk = fc.record({
  data,
  ext: mostly(fc.constant(''), extension, 3),
  size: mostly(
    fc.constant(null),
    fc.constantFrom(
      '',
      '+1',
      '-1',
      '0x1',
      '1_0',
      '00000000000000001',
      '0000000000000001',
      'fffffffffffffffff',
      '1fffffffffffff',
      '20000000000000',
      'g',
      '1 ',
      ' 1',
      '1',
    ),
    8,
  ),
  end: mostly(fc.constant('\r\n'), fc.constantFrom('\n', '\r', '', 'x', '\r\r\n', ' \r\n', 'xx', '\n\r', '\r\r'), 15),
});
/** Trailer lines without their ends. */
export const trailer = mostly(
  fc.constantFrom('X: a', 'X-T:', 'Y: \xe9', '__proto__: a', `T: ${'t'.repeat(25)}`),
  fc.constantFrom(
    'Host: b',
    'Content-Length: 5',
    'transfer-encoding: chunked',
    'X : a',
    'X',
    ' X: a',
    'Cookie: a',
    'Authorization: b',
    'X: a\rb',
    'X: \0',
    'Trailer: X',
    `${'n'.repeat(30)}\r`,
  ),
  2,
);
