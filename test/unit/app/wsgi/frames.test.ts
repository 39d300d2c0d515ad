import { expect } from 'chai';
import {
  type Frame,
  FrameError,
  FrameReader,
  HEADER_BYTES,
  MOST_PAYLOAD_BYTES,
  writeHeader,
} from '../../../../src/app/interfaces/wsgi/frames.ts';

function frame(payload: string, header = { kind: 18, flags: 1, slot: 2, id: 3, aux: 4 }): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + payload.length, payload);
  writeHeader(bytes, 0, header, payload.length);
  bytes.write(payload, HEADER_BYTES, 'latin1');
  return bytes;
}

/** All that is read of these pieces; payloads as text, because they are lent. */
function read(pieces: readonly Buffer[]): (Pick<Frame, 'kind' | 'flags' | 'id' | 'aux'> & { payload: string })[] {
  const reader = new FrameReader();
  const found: ReturnType<typeof read> = [];
  for (const piece of pieces) {
    // Lent, as the bytes of a socket are: overwritten after the call.
    const lent = Buffer.from(piece);
    reader.read(lent, lent.length, ({ kind, flags, id, aux, bytes, begin, end }) =>
      found.push({ kind, flags, id, aux, payload: bytes.toString('latin1', begin, end) }),
    );
    lent.fill(0xff);
  }
  return found;
}

describe('writeHeader', () => {
  it('writes length, kind, flags, slot, id and a number, little endian', () => {
    const bytes = Buffer.alloc(HEADER_BYTES);
    writeHeader(bytes, 0, { kind: 2, flags: 1, slot: 0x0304, id: 0x05060708, aux: 0xf0_0a0b0c }, 0x0d0e0f);
    expect(bytes.toString('hex')).to.equal('0f0e0d000201040308070605' + '0c0b0af0');
  });

  it('writes nothing but zeros where nothing is said', () => {
    const bytes = Buffer.alloc(HEADER_BYTES + 1, 0xff);
    writeHeader(bytes, 1, { kind: 4 }, 0);
    expect(bytes.toString('hex')).to.equal('ff000000000400000000000000' + '00000000');
  });
});

describe('FrameReader', () => {
  const two = Buffer.concat([frame('one'), frame(''), frame('three')]);
  const header = { kind: 18, flags: 1, id: 3, aux: 4 };
  const expected = ['one', '', 'three'].map((payload) => ({ ...header, payload }));

  it('finds all frames in one piece', () => expect(read([two])).to.deep.equal(expected));

  it('finds them however they are cut, also byte by byte', () => {
    for (let at = 1; at < two.length; at += 1) {
      expect(read([two.subarray(0, at), two.subarray(at)]), `cut at ${at}`).to.deep.equal(expected);
    }
    expect(read(Array.from(two, (byte) => Buffer.of(byte)))).to.deep.equal(expected);
  });

  it('takes the largest payload, and none beyond it', () => {
    const largest = frame('x'.repeat(MOST_PAYLOAD_BYTES));
    expect(read([largest.subarray(0, 100), largest.subarray(100)])[0]?.payload.length).to.equal(MOST_PAYLOAD_BYTES);
    const beyond = Buffer.alloc(HEADER_BYTES);
    writeHeader(beyond, 0, { kind: 18 }, MOST_PAYLOAD_BYTES + 1);
    expect(() => read([beyond])).to.throw(FrameError, `a frame of ${MOST_PAYLOAD_BYTES + 1} bytes`);
    expect(() => read([beyond.subarray(0, 3), beyond.subarray(3)])).to.throw(FrameError);
  });
});
