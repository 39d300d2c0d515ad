import { expect } from 'chai';
import { ChunkDecoder } from '../../../src/http/chunks.ts';
import { LIMITS } from './limits.ts';

/** The data, and how it ended. */
function decode(pieces: readonly string[], maxBodyBytes: number | null = null) {
  const decoder = new ChunkDecoder({ ...LIMITS, maxBodyBytes });
  let data = '';
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, 'latin1');
    const progress = decoder.read(bytes, { start: 0, end: bytes.length }, (from, to) => {
      data += bytes.toString('latin1', from, to);
    });
    if ('status' in progress) return { data, end: progress.status };
    if (progress.state === 'done') return { data, end: 'done' };
  }
  return { data, end: 'waits' };
}

describe('ChunkDecoder', () => {
  const trailers = `X: ${'a'.repeat(17)}\r\nY: ${'a'.repeat(13)}\r\n`;
  const rows: readonly (readonly [what: string, text: string, data: string, end: string | number])[] = [
    ['a size that has too many digits, without its end', `${'0'.repeat(18)};a`, '', 400],
    ['a size with an extension, without its end', `${'0'.repeat(16)};aaaa`, '', 'waits'],
    ['a chunk as large as the body may be', '5\r\nhello\r\n0\r\n\r\n', 'hello', 'done'],
    ['a chunk that goes beyond, before its data', '3\r\nhel\r\n3\r\n', 'hel', 413],
    ['a chunk that goes beyond, with a fault behind it', '3\r\nhel\r\n3\r\nlo!?', 'hel', 413],
    ['trailers of the most bytes, and the empty line', `0\r\n${trailers}\r\n`, '', 'done'],
    ['trailers of a byte more', `0\r\n${trailers.replace('Y', 'YY')}\r\n`, '', 431],
    ['a bare CR, then a trailer too long', `0\r\nX: a\r${'a'.repeat(40)}\r\n\r\n`, '', 400],
    ['a trailer too long, then a bare CR', `0\r\nX: ${'a'.repeat(40)}\ra\r\n\r\n`, '', 431],
  ];
  for (const [what, text, data, end] of rows) {
    it(`reads the same whole and byte by byte: ${what}`, () => {
      expect(decode([text], 5), 'whole').to.deep.equal({ data, end });
      expect(decode(text.split(''), 5), 'byte by byte').to.deep.equal({ data, end });
    });
  }
});
