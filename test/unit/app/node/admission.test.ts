import { expect } from 'chai';
import { examine } from '../../../../src/app/interfaces/node/admission.ts';
import { limits, requestOf } from './head.ts';

const GET = 'GET / HTTP/1.1';
const HOST = ['Host', 'a'];

describe('examine', () => {
  const rows: readonly (readonly [name: string, status: number | null, line: string, ...fields: string[]])[] = [
    ['a plain request', null, GET, ...HOST],
    ['a path with a query', null, 'GET /a/b?c=d HTTP/1.1', ...HOST],
    ['* for OPTIONS', null, 'OPTIONS * HTTP/1.1', ...HOST],
    ['HTTP/1.0 without Host', null, 'GET / HTTP/1.0'],
    ['a body of the length that may be', null, 'POST / HTTP/1.1', ...HOST, 'Content-Length', '1000'],
    ['a chunked body', null, 'POST / HTTP/1.1', ...HOST, 'Transfer-Encoding', 'Chunked'],
    ['version 0.9', 505, 'GET / HTTP/0.9', ...HOST],
    ['version 2.0', 505, 'GET / HTTP/2.0', ...HOST],
    ['a method of RTSP', 400, 'DESCRIBE / HTTP/1.0', ...HOST],
    ['a method of ICE', 400, 'SOURCE / HTTP/1.1', ...HOST],
    ['* for GET', 400, 'GET * HTTP/1.1', ...HOST],
    ['a fragment', 400, 'GET /a#b HTTP/1.1', ...HOST],
    ['a byte above ASCII in the target', 400, 'GET /\xe4 HTTP/1.1', ...HOST],
    ['a target of no form', 400, 'GET a HTTP/1.1', ...HOST],
    ['an absolute target of another scheme', 400, 'GET ftp://a/ HTTP/1.1', ...HOST],
    ['an absolute target with user information', 400, 'GET http://u@a/ HTTP/1.1', ...HOST],
    ['no Host', 400, GET],
    ['an empty Host', 400, GET, 'Host', ''],
    ['Host twice', 400, GET, ...HOST, 'hOST', 'a'],
    ['a list in Host', 400, GET, 'Host', 'a,b'],
    ['user information in Host', 400, GET, 'Host', 'u@a'],
    ['Content-Type twice', 400, GET, ...HOST, 'Content-Type', 'a/b', 'content-type', 'a/b'],
    ['Content-Length twice', 400, GET, ...HOST, 'Content-Length', '1', 'Content-Length', '1'],
    ['a Content-Length that no number holds', 400, GET, ...HOST, 'Content-Length', '9007199254740992'],
    ['two framings', 400, GET, ...HOST, 'Content-Length', '1', 'Transfer-Encoding', 'chunked'],
    ['Transfer-Encoding in HTTP/1.0', 400, 'GET / HTTP/1.0', ...HOST, 'Transfer-Encoding', 'chunked'],
    ['another coding', 501, GET, ...HOST, 'Transfer-Encoding', 'gzip'],
    ['a body that is announced too long', 413, GET, ...HOST, 'Content-Length', '1001'],
    ['a line as long as may be', null, `GET /${'a'.repeat(46)} HTTP/1.1`, ...HOST],
    ['a line too long', 414, `GET /${'a'.repeat(47)} HTTP/1.1`, ...HOST],
    ['a field as long as may be', null, GET, ...HOST, 'X', 'a'.repeat(38)],
    ['a field too long', 431, GET, ...HOST, 'X', 'a'.repeat(39)],
    ['as many fields as may be', null, GET, ...HOST, 'A', '', 'B', '', 'C', ''],
    ['too many fields', 431, GET, ...HOST, 'A', '', 'B', '', 'C', '', 'D', ''],
    ['fields as long together as may be', null, GET, ...HOST, 'X', 'a'.repeat(38), 'Y', 'a'.repeat(36)],
    ['fields too long together', 431, GET, ...HOST, 'X', 'a'.repeat(38), 'Y', 'a'.repeat(37)],
  ];
  for (const [name, status, line, ...fields] of rows) {
    it(`${status === null ? 'lets through' : `answers ${status} to`} ${name}`, () => {
      expect(examine(requestOf(line, ...fields), limits)?.status ?? null).to.equal(status);
    });
  }

  it('lets the authority of an absolute target win over Host', () => {
    const request = requestOf('GET http://b:80/c HTTP/1.1', 'X', 'y', 'HOST', 'a');
    expect(request.headers.host).to.equal('a');
    expect(examine(request, limits)).to.equal(null);
    expect(request.headers).to.deep.equal({ x: 'y', host: 'b:80' });
    expect(request.rawHeaders).to.deep.equal(['X', 'y', 'HOST', 'b:80']);
  });

  it('gives a request of HTTP/1.0 the Host of its absolute target', () => {
    const request = requestOf('GET http://b/ HTTP/1.0', 'X', 'y');
    expect(examine(request, limits)).to.equal(null);
    expect(request.headersDistinct).to.deep.include({ x: ['y'], host: ['b'] });
  });
});
