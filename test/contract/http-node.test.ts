import { type Server, startServer } from '../support/server.ts';
import { describeHttpRows } from './http/describe.ts';
import type { HttpException } from './http/run.ts';

const REFUSED = { expect: 400, after: 'closed', sees: [] } as const;
const LENIENT = 'llhttp takes it, and hands over neither the bytes nor how many they were';
const NOT_YET = 'llhttp tells of a head, or of trailers, once they are whole; what never ends is ended by a deadline';
const STRICT = 'llhttp takes no white space there';

/** What llhttp, which the interface cannot replace, does otherwise. None of it lets two parsers see different requests. */
const exceptions: readonly HttpException[] = [
  { row: 'line ends', name: /^bare (CR|LF) before the request line$/, because: LENIENT },
  { row: 'request line', name: /^two spaces (before|after) the target$/, because: LENIENT },
  { row: 'request line', name: 'no version: "RTSP/1.0"', because: `${LENIENT}; other methods of RTSP are refused` },
  {
    row: 'request line',
    name: /^no version(, and a field)?$/,
    because: 'to llhttp it is version 0.9',
    instead: { expect: 505 },
  },
  {
    row: 'request line',
    name: /^unknown method /,
    because: 'llhttp has a list of methods',
    instead: REFUSED,
  },
  { row: 'target', name: '* for HEAD', because: 'llhttp tells the method, so the refusal has no body' },
  {
    row: 'content-length',
    name: 'white space around it',
    because: `${STRICT}, on Node 20`,
    instead: { orElse: [[400]], after: 'open or closed' },
  },
  { row: 'transfer-encoding', name: 'Transfer-Encoding "\\tchunked\\t"', because: STRICT, instead: REFUSED },
  { row: 'chunks', name: /^extension ";([ \t]|\\t|a [=\\]|a= |a=b; )/, because: STRICT, instead: REFUSED },
  { row: 'chunks', name: /^extension ";(a=;b|a=|=b?|;a)"$/, because: LENIENT },
  { row: 'chunks', name: /^(last )?size "0{16}/, because: LENIENT },
  { row: 'chunks', name: /^size "(f{15,16}|20000000000000)"$/, because: `${NOT_YET}, or by limitRequestBody` },
  {
    row: 'chunks',
    name: '17 KiB of extensions, in many chunks',
    because: 'some 48 KiB are, within a quarter of a second',
  },
  { row: 'trailers', name: 'more than a head may hold', because: NOT_YET },
  { row: 'limits', name: / without an end$/, because: NOT_YET },
  {
    row: 'limits',
    name: 'a thousand fields',
    because: 'of a head in many pieces llhttp does not tell whether its count ran over in the line or in the fields',
    instead: { orElse: [[414]] },
  },
  {
    row: 'limits',
    name: 'field lines of 32769 together',
    because: 'white space around values is not counted, as llhttp does not hand it over',
  },
  {
    row: 'upgrade',
    name: /^(a request behind it is a request|bytes that are no request are refused)$/,
    because: 'Node loses bytes behind a head with Upgrade that came with it, so the answer closes the connection',
  },
];

let server: Server;

describeHttpRows('node', {
  async start() {
    server = await startServer({ app: 'apps/http-echo.mjs' });
    return server;
  },
  stop: () => server.stop({ expectErrors: ['request.failed'] }),
  exceptions,
});
