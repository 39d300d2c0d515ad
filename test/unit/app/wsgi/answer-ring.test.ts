import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AnswerRing } from '../../../../src/app/interfaces/wsgi/answer-ring.ts';
import { FrameError, HEADER_BYTES, writeHeader } from '../../../../src/app/interfaces/wsgi/frames.ts';

const RING_BYTES = 256 * 1024;

describe('AnswerRing', () => {
  let dir: string;
  let file: number;
  let ring: AnswerRing;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'tsunicorn-ring-'));
    file = openSync(join(dir, 'answers'), 'wx+');
    ftruncateSync(file, RING_BYTES);
    ring = new AnswerRing(file);
  });
  afterEach(() => {
    ring.close();
    rmSync(dir, { recursive: true });
  });

  /** Writes an entry as the host does; returns where the next one stands. */
  function put(at: number, number: number, payload: string): number {
    const bytes = Buffer.alloc(4 + HEADER_BYTES + payload.length + 4);
    bytes.writeUInt32LE(number);
    writeHeader(bytes, 4, { kind: 18, id: number }, payload.length);
    bytes.write(payload, 4 + HEADER_BYTES);
    writeSync(file, bytes, 0, bytes.length, at);
    return at + bytes.length - 4;
  }
  function read(): string[] {
    const found: string[] = [];
    ring.read(({ id, bytes, begin, end }) => found.push(`${id} ${bytes.toString('latin1', begin, end)}`));
    return found;
  }

  it('gives every entry once, and nothing where there is none', () => {
    expect(read()).to.deep.equal([]);
    const second = put(put(0, 1, 'a'), 2, 'bc');
    expect(read()).to.deep.equal(['1 a', '2 bc']);
    expect(read()).to.deep.equal([]);
    put(second, 3, '');
    expect(read()).to.deep.equal(['3 ']);
  });

  it('takes no entry whose number is not the next one', () => {
    put(put(0, 1, 'a'), 3, 'left from before');
    expect(read()).to.deep.equal(['1 a']);
  });

  it('reads more than one glance holds, and begins anew where no entry has room', () => {
    const payload = 'x'.repeat(4096 - HEADER_BYTES);
    let at = 0;
    const numbers: number[] = [];
    for (let number = 1; number <= 200; number += 1) {
      at = put(at, number, payload);
      if (at + 4096 + 8 > RING_BYTES) at = 0;
      // The host is at most 32 answers ahead.
      if (number % 31 === 0) numbers.push(...read().map((line) => Number.parseInt(line, 10)));
    }
    numbers.push(...read().map((line) => Number.parseInt(line, 10)));
    expect(numbers).to.deep.equal(Array.from({ length: 200 }, (_, index) => index + 1));
  });

  it('refuses an entry that is too long', () => {
    put(0, 1, 'x'.repeat(4096));
    expect(() => read()).to.throw(FrameError, 'too long');
  });

  it('may be closed by who takes an entry', () => {
    put(put(0, 1, 'a'), 2, 'b');
    const found: number[] = [];
    ring.read(({ id }) => {
      found.push(id);
      ring.read(() => found.push(-1));
      ring.close();
    });
    expect(found).to.deep.equal([1]);
  });

  it('opens only what can be one', () => {
    if (process.platform !== 'linux') return;
    const opened = AnswerRing.open(process.pid, file);
    put(0, 1, 'seen by another descriptor');
    const found: number[] = [];
    opened?.read(({ id }) => found.push(id));
    opened?.close();
    expect(found).to.deep.equal([1]);
    ftruncateSync(file, RING_BYTES - 1);
    expect(AnswerRing.open(process.pid, file)).to.equal(null);
    const folder = openSync(dir, 'r');
    expect(AnswerRing.open(process.pid, folder)).to.equal(null);
    closeSync(folder);
    expect(AnswerRing.open(process.pid, 65_000)).to.equal(null);
  });
});
