import { expect } from 'chai';
import { createTranscript, LAST_WORDS_BYTES, LONGEST_LINE } from '../../../../src/app/interfaces/wsgi/transcript.ts';

function read(chunks: readonly (string | Buffer)[]): { lines: string[]; lastWords: string } {
  const lines: string[] = [];
  const transcript = createTranscript((line) => lines.push(line));
  for (const chunk of chunks) transcript.take(Buffer.from(chunk));
  transcript.end();
  return { lines, lastWords: transcript.lastWords() };
}

describe('createTranscript', () => {
  it('gives lines, whatever their end, and the last one without an end', () => {
    expect(read(['a\nb', 'c\r\n\nd']).lines).to.deep.equal(['a', 'bc', '', 'd']);
    expect(read([]).lines).to.deep.equal([]);
  });

  it('reads a character that is cut in two', () => {
    const bytes = Buffer.from('né€😀\n');
    expect(read([...bytes].map((byte) => Buffer.from([byte]))).lines).to.deep.equal(['né€😀']);
    expect(read([Buffer.from([0x61, 0xff, 0xc3])]).lines).to.deep.equal(['a\ufffd\ufffd']);
  });

  it('cuts a line that is too long', () => {
    const lengths = read(['x'.repeat(LONGEST_LINE * 2), 'x\ny']).lines.map((line) => line.length);
    expect(lengths).to.deep.equal([LONGEST_LINE, LONGEST_LINE, 1, 1]);
  });

  it('keeps the last words in whole lines', () => {
    expect(read(['hello\n', 'Traceback\n']).lastWords).to.equal('hello\nTraceback');
    const long = Array.from({ length: 8_000 }, (_, index) => `line ${index}`).join('\n');
    const { lastWords } = read([long.slice(0, 5_000), long.slice(5_000)]);
    expect(lastWords.length).to.be.within(LAST_WORDS_BYTES - 20, LAST_WORDS_BYTES);
    expect(lastWords.split('\n')[0]).to.match(/^line \d{3,4}$/);
    expect(lastWords.endsWith('line 7999')).to.equal(true);
    expect(read(['x'.repeat(50_000)]).lastWords).to.have.lengthOf(LAST_WORDS_BYTES);
  });
});
