import { expect } from 'chai';
import { Pieces, SMALL_BYTES } from '../../../src/http/pieces.ts';

/** Bytes that can be told apart. */
const bytesFrom = (first: number, count: number): Buffer =>
  Buffer.from(Uint8Array.from({ length: count }, (_, at) => (first + at) % 251));

function takeEach(pieces: Pieces): Uint8Array[] {
  const taken: Uint8Array[] = [];
  for (let piece = pieces.take(); piece !== null; piece = pieces.take()) taken.push(piece);
  return taken;
}

describe('Pieces', () => {
  it('keeps order and bytes, whatever the sizes, whether they are lent or given', () => {
    const pieces = new Pieces();
    const sizes = [1, 2, 5_000, 1, 4_096, 4_095, 4_095, 3, 70_000, 1, 7, 8, 9, 511, 512, 2_000];
    const all: Buffer[] = [];
    for (let round = 0; round < 40; round += 1) {
      for (const [index, size] of sizes.entries()) {
        const bytes = bytesFrom(all.length, size);
        all.push(bytes);
        if (index % 2 === 0) pieces.add(bytes);
        else pieces.copy(Buffer.concat([Buffer.of(0), bytes, Buffer.of(0)]), 1, 1 + size);
      }
    }
    const expected = Buffer.concat(all);
    expect(pieces.bytes).to.equal(expected.length);
    const first = pieces.take() ?? Buffer.of();
    expect(pieces.bytes).to.equal(expected.length - first.length);
    expect(Buffer.concat([first, pieces.takeAll()]).equals(expected)).to.equal(true);
    expect([pieces.bytes, pieces.take()]).to.deep.equal([0, null]);
    expect(pieces.takeAll()).to.have.length(0);
  });

  it('takes little more memory than the bytes, and few entries, for a million single ones', () => {
    const pieces = new Pieces();
    const byte = Buffer.of(1);
    for (let count = 0; count < 1_000_000; count += 1) pieces.copy(byte, 0, 1);
    const taken = takeEach(pieces);
    expect(Buffer.concat(taken).equals(Buffer.alloc(1_000_000, 1))).to.equal(true);
    const buffers = taken.map(({ buffer }) => buffer.byteLength);
    expect(buffers.length).to.be.below(20);
    expect(buffers.reduce((sum, size) => sum + size, 0)).to.be.below(1_100_000);
  });

  it('gives a small piece that came alone in little more than its own memory', () => {
    const pieces = new Pieces();
    for (const texts of ['ab', 'cd']) for (const text of texts) pieces.add(Buffer.from(text));
    const [joined] = takeEach(pieces);
    expect(String(joined)).to.equal('abcd');
    // Four bytes of a block of 512 were copied, so that the block is free.
    expect(joined?.buffer.byteLength).to.not.equal(512);
  });

  it('does not copy a large piece that was given, nor any that is alone', () => {
    const pieces = new Pieces();
    const large = new Uint8Array(SMALL_BYTES);
    const small = Buffer.from('a');
    pieces.add(small);
    expect(pieces.takeAll()).to.equal(small);
    pieces.add(large);
    expect(pieces.takeAll()).to.equal(large);
  });

  it('writes into nothing that was taken', () => {
    const pieces = new Pieces();
    const fill = (value: number) => {
      for (let count = 0; count < 400; count += 1) pieces.add(Buffer.of(value));
    };
    fill(1);
    const taken = pieces.take();
    fill(2);
    expect(taken?.every((value) => value === 1)).to.equal(true);
    expect(pieces.takeAll().every((value) => value === 2)).to.equal(true);
  });

  it('keeps no lent bytes', () => {
    const pieces = new Pieces();
    const lent = Buffer.alloc(10_000, 1);
    pieces.copy(lent, 0, 1);
    pieces.copy(lent, 0, 5_000);
    lent.fill(2);
    expect(pieces.takeAll().every((value) => value === 1)).to.equal(true);
  });
});
