import { expect } from 'chai';
import { HeadReader, type RequestHead } from '../../../src/http/head-reader.ts';
import { LIMITS } from './limits.ts';

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

/** What a reader makes of pieces that follow each other: a head, a status, or that it waits. */
function readAll(reader: HeadReader, pieces: readonly string[]): RequestHead | number | 'waits' {
  for (const piece of pieces) {
    const progress = reader.read(bytesOf(piece), 0, piece.length);
    if ('status' in progress) return progress.status;
    if (progress.head !== null) return progress.head;
  }
  return 'waits';
}

const statusOf = (...pieces: readonly string[]) => {
  const read = readAll(new HeadReader(LIMITS), pieces);
  return typeof read === 'object' ? 'taken' : read;
};

const LINE = 'GET / HTTP/1.1\r\n';
const HOST = 'Host: a\r\n';

describe('HeadReader', () => {
  describe('takes the fields of the last head again', () => {
    const text = `${HOST}X: a\r\n\r\n`;

    it('when they are the same to the byte, also with another request line', () => {
      const reader = new HeadReader(LIMITS);
      const first = readAll(reader, [`${LINE}${text}`]);
      const second = readAll(reader, [`POST /b HTTP/1.1\r\n${text}`]);
      if (typeof first !== 'object' || typeof second !== 'object') throw new Error('refused');
      expect(second.fields).to.equal(first.fields);
      expect([second.line.method, second.line.target]).to.deep.equal(['POST', '/b']);
    });

    it('and tells where the bytes behind them begin', () => {
      const reader = new HeadReader(LIMITS);
      readAll(reader, [`${LINE}${text}`]);
      const bytes = bytesOf(`??${LINE}${text}GET /next`);
      const progress = reader.read(bytes, 2, bytes.length);
      expect('at' in progress && progress.at).to.equal(`??${LINE}${text}`.length);
    });

    it('but not when one byte differs', () => {
      const reader = new HeadReader(LIMITS);
      readAll(reader, [`${LINE}${text}`]);
      const head = readAll(reader, [`${LINE}${HOST}X: b\r\n\r\n`]);
      if (typeof head !== 'object') throw new Error('refused');
      expect(head.fields.list).to.deep.equal(['Host', 'a', 'X', 'b']);
    });

    it('but not when a field more follows', () => {
      const reader = new HeadReader(LIMITS);
      readAll(reader, [`${LINE}${text}`]);
      const head = readAll(reader, [`${LINE}${HOST}X: a\r\nY: b\r\n\r\n`]);
      if (typeof head !== 'object') throw new Error('refused');
      expect(head.fields.list).to.deep.equal(['Host', 'a', 'X', 'a', 'Y', 'b']);
    });

    it('and judges them with the new line: no Host, and chunked, are for HTTP/1.0 what they are', () => {
      const withoutHost = new HeadReader(LIMITS);
      expect(readAll(withoutHost, ['GET / HTTP/1.0\r\nX: a\r\n\r\n'])).to.be.an('object');
      expect(readAll(withoutHost, [`${LINE}X: a\r\n\r\n`])).to.equal(400);
      const wide = { ...LIMITS, maxFieldBytes: 100, maxHeadBytes: 100 };
      const chunked = new HeadReader(wide);
      expect(readAll(chunked, [`${LINE}${HOST}Transfer-Encoding: chunked\r\n\r\n`])).to.be.an('object');
      expect(readAll(chunked, [`GET / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`])).to.equal(400);
    });

    it('and puts the authority of the target over a Host that it keeps', () => {
      const reader = new HeadReader(LIMITS);
      readAll(reader, [`${LINE}${text}`]);
      const absolute = readAll(reader, [`GET http://b/ HTTP/1.1\r\n${text}`]);
      const origin = readAll(reader, [`${LINE}${text}`]);
      if (typeof absolute !== 'object' || typeof origin !== 'object') throw new Error('refused');
      expect([absolute.host, ...absolute.fields.list]).to.deep.equal(['b', 'Host', 'b', 'X', 'a']);
      expect([origin.host, ...origin.fields.list]).to.deep.equal(['a', 'Host', 'a', 'X', 'a']);
    });

    it('and refuses a line that is none', () => {
      const reader = new HeadReader(LIMITS);
      readAll(reader, [`${LINE}${text}`]);
      expect(readAll(reader, [`GET /\r\n${text}`])).to.equal(400);
    });
  });

  describe('tells the fault whose byte comes first, however the bytes are split', () => {
    const room = 'X: aaaaaaaaaaaaaaaaa';
    const rows: readonly (readonly [what: string, text: string, status: number | 'taken' | 'waits'])[] = [
      ['a bare CR, then a line too long', `GET /\r${'a'.repeat(40)} HTTP/1.1\r\n`, 400],
      ['a line too long, then a bare CR', `GET /${'a'.repeat(40)}\r HTTP/1.1\r\n`, 414],
      ['a bare LF, then a line too long', `GET /\n${'a'.repeat(40)} HTTP/1.1\r\n`, 400],
      ['CR CR LF behind the longest line', `GET /${'a'.repeat(16)} HTTP/1.1\r\r\n\r\n`, 400],
      ['a bare CR, then a field too long', `${LINE}X: a\r${'a'.repeat(40)}\r\n\r\n`, 400],
      ['a field too long, then a bare CR', `${LINE}X: ${'a'.repeat(40)}\ra\r\n\r\n`, 431],
      ['a bare CR in the fifth field', `${LINE}A:\r\nB:\r\nC:\r\nD:\r\nE: a\rb\r\n\r\n`, 400],
      ['fields of the most bytes, and the empty line', `${LINE}${HOST}${room}\r\nY: aaaa\r\n\r\n`, 'taken'],
      ['one byte more', `${LINE}${HOST}${room}\r\nY: aaaaa\r\n\r\n`, 431],
      ['an empty line that is none', `${LINE}${HOST}${room}\r\nY: aaaa\r\n\ra`, 400],
      ['no end yet', `${LINE}${HOST}`, 'waits'],
    ];
    for (const [what, text, status] of rows) {
      it(`${what}: ${status}`, () => {
        expect(statusOf(text), 'whole').to.equal(status);
        expect(statusOf(...text), 'byte by byte').to.equal(status);
        for (let at = 1; at < text.length; at += 1) {
          expect(statusOf(text.slice(0, at), text.slice(at)), `split at ${at}`).to.equal(status);
        }
      });
    }
  });
});
