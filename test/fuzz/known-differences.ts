import { METHODS } from 'node:http';
import type { Difference } from './differences.ts';
import { valuesOf } from './reference-head.ts';
import { readConnection } from './reference-parser.ts';
import type { Fault } from './reference-signals.ts';
import { WIDE } from './requests.ts';

/** Something that we read in another way than `node:http` does, on purpose. */
export interface KnownDifference {
  readonly what: string;
  readonly because: string;
  /** The bytes of a connection that show it. */
  readonly example: string;
  /** The version of llhttp from which on there is no difference any more. */
  readonly goneIn?: { readonly major: number; readonly minor: number };
  applies(difference: Difference): boolean;
}

const HOST = 'Host: a\r\n';
const CHUNKED = `${HOST}Transfer-Encoding: chunked\r\n\r\n`;

/** We refuse for `fault`, and `node:http` takes the message or waits for more of it. `detail` narrows that down. */
function stricter(
  fault: Fault,
  entry: Omit<KnownDifference, 'applies'> & { detail?: (bytes: string) => boolean },
): KnownDifference {
  const { detail = () => true, ...rest } = entry;
  return {
    ...rest,
    applies: (difference) =>
      (difference.kind === 'onlyNode' || difference.kind === 'end') &&
      difference.end.kind === 'refused' &&
      difference.end.fault === fault &&
      detail(difference.bytes),
  };
}

/** We take a message that `node:http` refuses, or wait for the rest of one that it has refused already. */
function milder(
  entry: Omit<KnownDifference, 'applies'> & { detail: (difference: Difference) => boolean },
): KnownDifference {
  const { detail, ...rest } = entry;
  return {
    ...rest,
    applies: (difference) =>
      (difference.kind === 'onlyOurs' ||
        (difference.kind === 'end' && difference.end.kind === 'waiting' && difference.refusal !== null)) &&
      detail(difference),
  };
}

function asksForUpgrade(bytes: string): boolean {
  return /\nupgrade:/i.test(bytes) && /\nconnection:[^\r]*upgrade/i.test(bytes);
}

const withoutEmptyLines = (bytes: string): string => bytes.replace(/^(?:\r\n)+/, '');

const isAbsolute = (target: string): boolean => /^https?:\/\//i.test(target);

const onRequestLine: readonly KnownDifference[] = [
  {
    what: 'the authority of a target in absolute form is the Host that the application sees',
    because:
      'RFC 9112, section 3.2.2: a server must ignore the received Host; node:http leaves that to the application',
    example: `GET http://b/ HTTP/1.1\r\n${HOST}\r\n`,
    applies: (difference) =>
      difference.kind === 'content' &&
      isAbsolute(difference.ours.target) &&
      difference.ours.method === difference.node.method &&
      difference.ours.target === difference.node.target &&
      difference.ours.body === difference.node.body &&
      JSON.stringify(withoutHost(difference.ours.fields)) === JSON.stringify(withoutHost(difference.node.fields)),
  },
  milder({
    what: 'any token is a method',
    because: 'RFC 9110, section 9.1: methods are extensible; llhttp knows a list of them',
    example: `get / HTTP/1.1\r\n${HOST}\r\n`,
    detail: ({ bytes }) => !METHODS.includes(withoutEmptyLines(bytes).split(' ')[0] ?? ''),
  }),
  stricter('request line', {
    what: 'a request line of two parts is refused',
    because: 'llhttp takes it for HTTP/0.9, which has neither fields nor a status',
    example: 'GET /\r\n\r\n',
    detail: (bytes) => /^[A-Z]+ [^ \r\n]*(?:\r|$)/.test(withoutEmptyLines(bytes)),
  }),
  stricter('request line', {
    what: 'a second space in the request line is refused',
    because: 'RFC 9112, section 3 asks for one; llhttp skips those around the target',
    example: `GET  / HTTP/1.1\r\n${HOST}\r\n`,
    detail: (bytes) =>
      /^[A-Z]+ [^\r\n]* /.test(withoutEmptyLines(bytes)) && /^[^\r\n]* {2}/.test(withoutEmptyLines(bytes)),
  }),
  stricter('bare LF', {
    what: 'a request line of two parts and a bare LF is refused',
    because: 'llhttp takes it for HTTP/0.9, with any number of spaces around the target',
    example: 'GET /\n\r\n',
    detail: (bytes) => /^[A-Z]+ +[^ \r\n]* *\n/.test(withoutEmptyLines(bytes)),
  }),
  stricter('version', {
    what: 'HTTP/0.9, HTTP/2.0, RTSP and ICE are refused',
    because: 'nobody who speaks them wants this server; llhttp reads them in the syntax of HTTP/1',
    example: `GET / HTTP/2.0\r\n${HOST}\r\n`,
    detail: (bytes) => / (?:HTTP\/(?:0\.9|2\.0)|RTSP\/1\.0|ICE\/1\.0)\r/.test(bytes),
  }),
  stricter('CONNECT', {
    what: 'CONNECT is refused by its request line',
    because: 'the server is no proxy; node:http reads the fields before it hangs up',
    example: 'CONNECT a:80 HTTP/1.1\r\n',
  }),
  stricter('target', {
    what: 'a target with a fragment, or with no host where one belongs, or of no form is refused',
    because:
      'RFC 9112, section 3.2: what is behind "#" would be seen by some and not by others; llhttp is lenient with URLs',
    example: `GET /a#b HTTP/1.1\r\n${HOST}\r\n`,
  }),
  stricter('target *', {
    what: '* is refused but for OPTIONS',
    because: 'RFC 9112, section 3.2.4; llhttp does not look at the method',
    example: `GET * HTTP/1.1\r\n${HOST}\r\n`,
  }),
  stricter('start of the request line', {
    what: 'a bare LF in front of a request line is refused',
    because: 'a bare LF is no line end anywhere; llhttp skips CR and LF there, in any order',
    example: `\nGET / HTTP/1.1\r\n${HOST}\r\n`,
    detail: (bytes) => withoutEmptyLines(bytes).startsWith('\n'),
  }),
  stricter('bare CR', {
    what: 'a bare CR in front of a request line is refused',
    because: 'a bare CR is nothing but CR; llhttp skips CR and LF there, in any order',
    example: `\rGET / HTTP/1.1\r\n${HOST}\r\n`,
    detail: (bytes) => withoutEmptyLines(bytes).startsWith('\r'),
  }),
];

const onFields: readonly KnownDifference[] = [
  stricter('Host', {
    what: 'a Host that is no host is refused',
    because: 'RFC 9112, section 3.2: "invalid field value" is 400; node:http does not look at it',
    example: 'GET / HTTP/1.1\r\nHost: u@a\r\n\r\n',
  }),
  stricter('Host twice', {
    what: 'a second Host is refused',
    because: 'RFC 9112, section 3.2; node:http takes the first, and others would take the last',
    example: `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`,
  }),
  stricter('Content-Type twice', {
    what: 'a second Content-Type is refused',
    because: 'which of them is meant nobody knows; node:http shows both, and its headers hold the first',
    example: `GET / HTTP/1.1\r\n${HOST}Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n`,
  }),
  stricter('Content-Length', {
    what: 'a Content-Length above 2^53-1, or of more than 16 digits, is refused',
    because: 'no number of JavaScript counts it; llhttp counts to 2^64-1, and takes any number of zeros',
    example: `GET / HTTP/1.1\r\n${HOST}Content-Length: 00000000000000001\r\n\r\na`,
    detail: (bytes) => /content-length:[ \t]*\d{16,}[ \t]*\r/i.test(bytes),
  }),
  stricter('Content-Length with Transfer-Encoding', {
    what: 'an empty Transfer-Encoding is one beside Content-Length',
    because: 'others may take its presence for a coding; llhttp overlooks it where it is empty',
    example: `GET / HTTP/1.1\r\n${HOST}Transfer-Encoding:\r\nContent-Length: 1\r\n\r\na`,
    goneIn: { major: 9, minor: 4 },
    detail: (bytes) => /transfer-encoding:[ \t]*\r/i.test(bytes),
  }),
  stricter('Transfer-Encoding', {
    what: 'a Transfer-Encoding of anything but one chunked is refused, also where chunked comes last',
    because: 'RFC 9112, section 6.1; llhttp only looks whether chunked is the end of the last field',
    example: `GET / HTTP/1.1\r\n${HOST}Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n`,
    detail: (bytes) =>
      /transfer-encoding:[ \t]*\r/i.test(bytes) || /transfer-encoding:[^\r]*chunked[ \t]*\r/i.test(bytes),
  }),
  stricter('unknown coding', {
    what: 'a coding in front of chunked is refused',
    because: 'nobody would decode it; llhttp hands the encoded bytes to the application',
    example: `GET / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    detail: (bytes) => /transfer-encoding:[^\r]*chunked[ \t]*\r/i.test(bytes),
  }),
  stricter('Transfer-Encoding in HTTP/1.0', {
    what: 'Transfer-Encoding is refused in HTTP/1.0',
    because: 'RFC 9112, section 6.1: its framing is faulty, since an HTTP/1.0 proxy in front has not understood it',
    example: 'GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  }),
  stricter('expectation', {
    what: 'a list of expectations is refused, also with 100-continue in it',
    because: 'RFC 9110, section 10.1.1: the others are unknown; node:http looks for 100-continue anywhere in the value',
    example: `GET / HTTP/1.1\r\n${HOST}Expect: 100-continue, x\r\n\r\n`,
    detail: (bytes) => /100-continue/i.test(bytes),
  }),
  milder({
    what: 'a tab may stand behind Content-Length and Transfer-Encoding',
    because: 'OWS of RFC 9110, section 5.6.3; llhttp takes spaces only',
    example: `GET / HTTP/1.1\r\n${HOST}Content-Length: 1\t\r\n\r\na`,
    goneIn: { major: 9, minor: 4 },
    detail: ({ bytes }) => /(?:content-length|transfer-encoding):[^\r\n]*\t[ \t]*(?:\r|$)/i.test(bytes),
  }),
];

const onConnections: readonly KnownDifference[] = [
  milder({
    what: 'Proxy-Connection: close leaves the connection open',
    because:
      'no specification knows that field, and RFC 9112, appendix C.2.2, warns of it; llhttp takes it for Connection',
    example: `GET / HTTP/1.1\r\n${HOST}Proxy-Connection: close\r\n\r\nGET / HTTP/1.1\r\n${HOST}\r\n`,
    detail: ({ previous }) =>
      previous !== null && valuesOf(previous.fields, 'proxy-connection').some((value) => /close/i.test(value)),
  }),
  {
    what: 'an upgrade that is not given changes nothing',
    because:
      'RFC 9110, section 7.8: a server may ignore Upgrade; node:http drops what came together with the head, or overlooks its faults',
    example: `GET / HTTP/1.1\r\n${HOST}Connection: upgrade\r\nUpgrade: x\r\n\r\nGET / HTTP/1.1\r\n${HOST}\r\n`,
    applies: ({ kind, previous, bytes }) =>
      (kind === 'onlyOurs' || kind === 'end') &&
      ((previous !== null &&
        valuesOf(previous.fields, 'upgrade').length > 0 &&
        valuesOf(previous.fields, 'connection').some((value) => /upgrade/i.test(value))) ||
        asksForUpgrade(bytes)),
  },
];

const onChunks: readonly KnownDifference[] = [
  stricter('unknown coding', {
    what: 'a transfer coding that nobody knows is refused, also of a request that asks for an upgrade',
    because:
      'RFC 9112, section 6.1; llhttp looks for no body in such a request (the node interface refuses it before the application)',
    example: `GET / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n`,
    detail: asksForUpgrade,
  }),
  stricter('Transfer-Encoding', {
    what: 'a malformed Transfer-Encoding is refused, also of a request that asks for an upgrade',
    because: 'as with a coding that nobody knows',
    example: `GET / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked;a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n`,
    detail: asksForUpgrade,
  }),
  stricter('chunk size', {
    what: 'a chunk size above 2^53-1, or of more than 16 digits, is refused',
    because: 'no number of JavaScript counts it; llhttp counts to 2^64-1, and takes any number of zeros',
    example: `GET / HTTP/1.1\r\n${CHUNKED}00000000000000001\r\na\r\n0\r\n\r\n`,
    detail: (bytes) => /\n[0-9a-f]{14,}[\r;]/i.test(bytes),
  }),
  stricter('chunk extension', {
    what: 'a chunk extension with an empty value or name, or a faulty quoted value is refused',
    because: 'RFC 9112, section 7.1.1; llhttp looks at single characters',
    example: `GET / HTTP/1.1\r\n${CHUNKED}1;a=\r\na\r\n0\r\n\r\n`,
  }),
  milder({
    what: 'blanks may stand around the name and value of a chunk extension',
    because: 'BWS of RFC 9112, section 7.1.1, which a recipient must parse; llhttp refuses it',
    example: `GET / HTTP/1.1\r\n${CHUNKED}1; a = b\r\na\r\n0\r\n\r\n`,
    detail: ({ bytes }) => /\n[0-9a-f]+;[^\r\n]*[ \t]/i.test(bytes),
  }),
  stricter('trailer name', {
    what: 'trailers that frame, route, authenticate or describe are refused',
    because: 'RFC 9110, section 6.5.1; node:http keeps them apart from the headers, but takes them',
    example: `GET / HTTP/1.1\r\n${CHUNKED}0\r\nHost: b\r\n\r\n`,
  }),
];

/** llhttp judges each character as it comes; we judge a line when it is whole. What it refused has to be refused by us at the line's end. */
const early: KnownDifference = {
  what: 'a faulty line is refused at its end, not in its middle',
  because: 'a line is judged in one piece, which is quicker, and the connection ends either way',
  example: `GET / HTTP/1.1\r\n${HOST}X Y: a`,
  applies: (difference) => {
    if (difference.kind !== 'end' || difference.end.kind !== 'waiting') return false;
    const { requests, end } = readConnection(`${difference.bytes}\r\n\r\n`, { limits: WIDE });
    return requests.length === 0 && end.kind === 'refused';
  },
};

/** Each is needed: the test shows all of their examples. */
export const knownDifferences: readonly KnownDifference[] = [
  ...onRequestLine,
  ...onFields,
  ...onConnections,
  ...onChunks,
  early,
];

function withoutHost(fields: readonly string[]): readonly string[] {
  return fields.filter((_, index) => fields[index - (index % 2)]?.toLowerCase() !== 'host');
}
