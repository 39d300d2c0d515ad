import { byteName, head, type RowCase, range, refused, rowOf, taken } from '../case.ts';

const TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~0123456789abcXYZ";
const METHODS = [
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'QUERY',
  'PROPFIND',
  'REPORT',
  'M-SEARCH',
  'PURGE',
];
const UNKNOWN_METHODS = ['get', 'Get', 'GETX', 'GE', 'X', 'FOO-BAR', '123', '_', 'TSUNICORN', 'M'.repeat(64)];
const OTHER_VERSIONS = ['HTTP/0.9', 'HTTP/1.2', 'HTTP/1.9', 'HTTP/2.0', 'HTTP/3.0', 'HTTP/0.0', 'HTTP/9.9'];
const NO_VERSIONS = [
  ...['http/1.1', 'Http/1.1', 'HTTP/1', 'HTTP/2', 'HTTP/1.', 'HTTP/.1', 'HTTP/', 'HTTP', 'HTTP/11', 'HTTP/1.10'],
  ...[
    'HTTP/01.1',
    'HTTP/1.01',
    'HTTP/1.1.1',
    'HTTP/1,1',
    'HTTP/a.b',
    'HTTP/+1.1',
    'HTTP/1.1x',
    'HTTP/1.1;',
    'HTTP/-1.1',
  ],
  ...[
    'HTTP\\1.1',
    'HTTP-1.1',
    'HTTPS/1.1',
    'XHTTP/1.1',
    'HTP/1.1',
    'RTSP/1.0',
    'ICE/1.0',
    'SIP/2.0',
    'HTTP/1.1\0',
    '1.1',
  ],
];

/** Every byte that is neither a token character nor one that ends the method; CR and LF have cases of their own. */
const outsideToken = range(0, 0xff).filter((byte) => {
  const character = String.fromCharCode(byte);
  return !/[!#$%&'*+.^_`|~0-9A-Za-z\r\n -]/.test(character);
});

const families: readonly RowCase[] = [
  ...METHODS.map((method) => taken(`method ${method}`, head(`${method} / HTTP/1.1`), { method })),
  ...UNKNOWN_METHODS.map((method) => taken(`unknown method ${method}`, head(`${method} / HTTP/1.1`), { method })),
  ...outsideToken.map((byte) =>
    refused(`${byteName(byte)} in the method`, head(`G${String.fromCharCode(byte)}T / HTTP/1.1`)),
  ),
  ...OTHER_VERSIONS.map((version) => refused(`version ${version}`, head(`GET / ${version}`), 505)),
  ...NO_VERSIONS.map((version) => refused(`no version: ${JSON.stringify(version)}`, head(`GET / ${version}`))),
];

/** RFC 9112, sections 2.3 and 3. */
export const requestLine = rowOf('request line', [
  ...families,
  taken('unknown method of all token characters', head(`${TOKEN_CHARACTERS} / HTTP/1.1`), { method: TOKEN_CHARACTERS }),
  refused('method of 65 characters', head(`${'M'.repeat(65)} / HTTP/1.1`)),
  refused('no method', head(' / HTTP/1.1')),
  refused('two spaces before the target', head('GET  / HTTP/1.1')),
  refused('two spaces after the target', head('GET /  HTTP/1.1')),
  refused('a space at the end', head('GET / HTTP/1.1 ')),
  refused('a tab at the end', head('GET / HTTP/1.1\t')),
  refused('a tab before the target', head('GET\t/ HTTP/1.1')),
  refused('a tab after the target', head('GET /\tHTTP/1.1')),
  refused('a vertical tab after the target', head('GET /\x0bHTTP/1.1')),
  refused('a form feed before the target', head('GET\x0c/ HTTP/1.1')),
  refused('a space within the target', head('GET /a b HTTP/1.1')),
  refused('four parts', head('GET / HTTP/1.1 HTTP/1.1')),
  refused('no version', 'GET /\r\n\r\n'),
  refused('no version, and a field', head('GET /')),
  refused('no version but a space', head('GET / ')),
  refused('no target', head('GET HTTP/1.1')),
  refused('no target but two spaces', head('GET  HTTP/1.1')),
  refused('only a method', head('GET')),
  refused('a field for a request line', 'Host: a\r\n\r\n'),
  refused('a status line', head('HTTP/1.1 200 OK')),
  refused('a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'),
  refused('a quoted method', head('"GET" / HTTP/1.1')),
  {
    name: 'the preface of HTTP/2',
    send: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    expect: 505,
    orElse: [[400]],
    after: 'closed',
  },
]);
