import { byteName, get, head, type RowCase, range, refused, rowOf, taken } from '../case.ts';

/** Visible characters, but `#`, which starts a fragment: those are never sent. */
const VISIBLE = String.fromCharCode(...range(0x21, 0x7e)).replace('#', '');
const forbidden = [...range(0x00, 0x1f), ...range(0x7f, 0xff)].filter((byte) => byte !== 0x0a && byte !== 0x0d);

const BAD_ABSOLUTE = [
  ...[
    'http:',
    'http:/',
    'http://',
    'http:///',
    'http:///a',
    'http://?a',
    'http:a',
    'http:/a',
    'http://:80/',
    'https://:/',
  ],
  ...['http://u@a/', 'http://u:p@a/', 'http://@a/', 'http://a@/', 'http://a:b/', 'http://a:80:80/', 'http://a:-1/'],
  ...['http://a:+80/', 'http://a:8 0/', 'http://[::1/', 'http://::1/', 'http://[g]/', 'http://[]/', 'http://[::1]a/'],
  ...[
    'http://a,b/',
    'http://a\\b/',
    'http://a<b/',
    'http://a"b/',
    'http://a^b/',
    'http://a|b/',
    'http://a{b/',
    'http://a#b',
  ],
  ...[
    'http://a/#b',
    'ftp://a/',
    'ws://a/',
    'file:///a',
    'javascript:a',
    'mailto:a@b',
    'urn:a',
    'httpx://a/',
    'http//a/',
  ],
  ...['ttp://a/', '://a/', 'http ://a/', 'h\\ttp://a/'],
];
const GOOD_ABSOLUTE: readonly (readonly [target: string, authority: string, origin: string])[] = [
  ['http://b/', 'b', '/'],
  ['http://b/c?d=e', 'b', '/c?d=e'],
  ['http://b', 'b', '/'],
  ['http://b:8080/c', 'b:8080', '/c'],
  ['http://[::1]/', '[::1]', '/'],
  ['http://[::1]:8080/c', '[::1]:8080', '/c'],
  ['http://127.0.0.1/', '127.0.0.1', '/'],
  ['https://b/c', 'b', '/c'],
  ['HTTP://b/c', 'b', '/c'],
  ['hTTpS://b/c', 'b', '/c'],
];
const GOOD_ORIGIN = [
  '/',
  '//',
  '//a/b',
  '/?',
  '/?a',
  '/a?b=c&d=%20',
  '/%zz',
  '/*',
  '/a:80',
  '/http://b/',
  `/${'a'.repeat(2_000)}`,
];
const NO_FORM = [
  'a',
  'a/b',
  '?a',
  '.',
  '..',
  '../a',
  '*a',
  '**',
  '*/',
  ';',
  ':',
  '\\',
  '\\a',
  '%2f',
  'a:80',
  '[::1]:80',
  '@/',
];
const NO_AUTHORITY = ['*', '/', 'http://a/', 'a', 'a:b', ':80', 'u@a:80'];

const families: readonly RowCase[] = [
  ...forbidden.map((byte) =>
    refused(`${byteName(byte)} in the target`, head(`GET /${String.fromCharCode(byte)} HTTP/1.1`)),
  ),
  ...BAD_ABSOLUTE.map((target) => refused(`absolute form ${JSON.stringify(target)}`, head(`GET ${target} HTTP/1.1`))),
  ...GOOD_ABSOLUTE.map(([target, authority, origin]) =>
    taken(`absolute form ${target}`, head(`GET ${target} HTTP/1.1`), { target: origin, authority }),
  ),
  ...GOOD_ORIGIN.map((target) =>
    taken(`origin form ${target.slice(0, 20)}`, head(`GET ${target} HTTP/1.1`), { target, authority: 'a' }),
  ),
  ...NO_FORM.map((target) => refused(`no form: ${target}`, head(`GET ${target} HTTP/1.1`))),
  // Whether the method or the target is looked at first is nobody's concern: the connection ends either way.
  ...NO_AUTHORITY.map((target) => ({
    ...refused(`CONNECT with the target ${target}`, head(`CONNECT ${target} HTTP/1.1`), 405),
    orElse: [[400]],
  })),
];

/** RFC 9112, section 3.2. */
export const target = rowOf('target', [
  ...families,
  taken('all visible characters but #', head(`GET /${VISIBLE} HTTP/1.1`)),
  refused('# in the path', head('GET /a#b HTTP/1.1')),
  refused('# at the end', head('GET /# HTTP/1.1')),
  refused('# in the query', head('GET /?a#b HTTP/1.1')),
  refused('# alone', head('GET # HTTP/1.1')),
  refused('a letter in UTF-8', head('GET /\xc3\xbc HTTP/1.1')),
  taken('* for OPTIONS', head('OPTIONS * HTTP/1.1'), { method: 'OPTIONS', authority: 'a' }),
  taken('a path for OPTIONS', head('OPTIONS /a HTTP/1.1'), { method: 'OPTIONS', target: '/a' }),
  ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE'].map((method) => refused(`* for ${method}`, head(`${method} * HTTP/1.1`))),
  refused('CONNECT with an authority', 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', 405),
  refused('CONNECT with an address', 'CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n', 405),
  {
    name: 'bytes after CONNECT are never a request',
    send: `CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n${get()}`,
    expect: 405,
    after: 'closed',
  },
]);
