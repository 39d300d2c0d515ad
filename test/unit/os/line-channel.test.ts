import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { openChannel, splitLines } from '../../../src/os/line-channel.ts';

describe('splitLines', () => {
  function lines(pieces: readonly string[], longest = 100): (string | null)[] {
    const seen: (string | null)[] = [];
    const take = splitLines(longest, (line) => seen.push(line));
    for (const piece of pieces) take(piece);
    return seen;
  }

  it('puts lines together, however they were cut', () => {
    expect(lines(['on', 'e\ntwo\nth', '', 'ree', '\n', '\n', 'part'])).to.deep.equal(['one', 'two', 'three', '']);
  });

  it('drops a line that is too long, and goes on with the next one', () => {
    expect(lines(['12345678\nok\n'], 5)).to.deep.equal([null, 'ok']);
    expect(lines(['123456', '78', '9\n12345\n'], 5)).to.deep.equal([null, '12345']);
  });

  it('keeps no more of a line without an end than is allowed', () => {
    const seen: (string | null)[] = [];
    const take = splitLines(10, (line) => seen.push(line));
    for (let piece = 0; piece < 1_000; piece += 1) take('x'.repeat(10));
    take('\n');
    expect(seen).to.deep.equal([null]);
  });
});

describe('openChannel', () => {
  it('gives messages, and undefined for what is none', async () => {
    const stream = new PassThrough();
    const seen: unknown[] = [];
    await new Promise<void>((resolve) => {
      openChannel(stream, { onMessage: (raw) => seen.push(raw), onClosed: resolve });
      stream.end('{"type":"ready"}\n{"type":\n\u0000\n[1]\n');
    });
    expect(seen).to.deep.equal([{ type: 'ready' }, undefined, undefined, [1]]);
  });

  it('writes a line for a message, and nothing once the channel is closed', async () => {
    const stream = new PassThrough();
    const seen: unknown[] = [];
    await new Promise<void>((resolve) => {
      const channel = openChannel(stream, { onMessage: (raw) => seen.push(raw), onClosed: resolve });
      channel.send({ text: 'two\nlines' });
      stream.end();
      channel.send({ text: 'too late' });
    });
    expect(seen).to.deep.equal([{ text: 'two\nlines' }]);
  });
});
