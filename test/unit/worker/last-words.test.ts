import { expect } from 'chai';
import { keepLastWords } from '../../../src/worker/last-words.ts';

/** Puts a stream that keeps what it gets in the place of standard error. */
function withStderr(act: (written: string[]) => void): void {
  const property = Object.getOwnPropertyDescriptor(process, 'stderr');
  if (property === undefined) throw new Error('no standard error');
  const written: string[] = [];
  const stream = { write: (text: unknown) => void written.push(String(text)) };
  Object.defineProperty(process, 'stderr', { configurable: true, get: () => stream });
  try {
    act(written);
  } finally {
    Object.defineProperty(process, 'stderr', property);
  }
}

describe('keepLastWords', () => {
  it('hears what is written, which goes its way', () =>
    withStderr((written) => {
      const words = keepLastWords();
      process.stderr.write('no database ');
      process.stderr.write(Buffer.from('at db:5432\n'));
      expect(words.text()).to.equal('no database at db:5432\n');
      expect(written.join('')).to.equal('no database at db:5432\n');
      words.release();
    }));

  it('keeps the end', () =>
    withStderr(() => {
      const words = keepLastWords();
      for (let line = 0; line < 1_000; line += 1) process.stderr.write(`line ${line} of a long story\n`);
      expect(words.text()).to.have.length(4_096);
      expect(words.text()).to.match(/line 999 of a long story\n$/);
      words.release();
    }));

  it('leaves alone what somebody put there meanwhile', () =>
    withStderr(() => {
      const words = keepLastWords();
      const own = { write: () => true };
      Object.defineProperty(process, 'stderr', { configurable: true, get: () => own });
      words.release();
      expect(process.stderr).to.equal(own);
    }));

  it('leaves the streams as they were, whether they were used or not', () =>
    withStderr(() => {
      const { write } = process.stderr;
      for (const use of [true, false]) {
        const words = keepLastWords();
        if (use) process.stderr.write('heard\n');
        words.release();
        expect(process.stderr.write).to.equal(write);
        process.stderr.write('not heard\n');
        expect(words.text()).to.equal(use ? 'heard\n' : '');
      }
    }));
});
