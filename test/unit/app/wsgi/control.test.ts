import { expect } from 'chai';
import {
  type ControlFault,
  createControlReader,
  LONGEST_LINE,
  orderLine,
  type ZygoteMessage,
} from '../../../../src/app/interfaces/wsgi/control.ts';
import fc from '../../../support/random.ts';

const line = (message: unknown) => Buffer.from(`${JSON.stringify(message)}\n`);

/** What a reader makes of the stream, cut after each of `sizes` bytes; neighbouring output of a process is joined. */
function read(stream: Buffer, sizes: readonly number[] = []): (ZygoteMessage | ControlFault)[] {
  const reader = createControlReader();
  const found: (ZygoteMessage | ControlFault)[] = [];
  let at = 0;
  for (const size of [...sizes, stream.length]) {
    // A chunk is lent: it is overwritten after each call.
    const chunk = Buffer.from(stream.subarray(at, at + size));
    at += chunk.length;
    for (const item of reader.take(chunk)) {
      const last = found.at(-1);
      if (item.type !== 'output') found.push(item);
      else if (last?.type === 'output' && last.pid === item.pid) {
        found[found.length - 1] = { ...last, bytes: Buffer.concat([last.bytes, item.bytes]) };
      } else found.push({ ...item, bytes: Buffer.from(item.bytes) });
    }
    chunk.fill(0);
  }
  return found;
}

describe('createControlReader', () => {
  const messages: readonly ZygoteMessage[] = [
    { type: 'ready' },
    { type: 'forked', token: '0a', pid: 7 },
    { type: 'forkFailed', token: 'ff', message: 'no memory – señor' },
    { type: 'output', pid: 7, bytes: Buffer.from('{"type":"ready"}\n\u00e9\n') },
    { type: 'exited', pid: 7, code: null, signal: 11 },
    { type: 'exited', pid: 8, code: 0, signal: null },
  ];
  const stream = Buffer.concat(
    messages.map((message) =>
      message.type === 'output'
        ? Buffer.concat([line({ ...message, bytes: message.bytes.length }), message.bytes])
        : line(message),
    ),
  );

  it('reads every message, however the stream is cut', () => {
    expect(read(stream)).to.deep.equal(messages);
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 });
    fc.assert(
      fc.property(sizes, (cuts) => {
        expect(read(stream, cuts)).to.deep.equal(messages);
      }),
    );
  });

  it('hands output on before all of it is there', () => {
    const reader = createControlReader();
    const head = line({ type: 'output', pid: 9, bytes: 65_536 });
    expect(reader.take(Buffer.concat([head, Buffer.from('abc')]))).to.deep.equal([
      { type: 'output', pid: 9, bytes: Buffer.from('abc') },
    ]);
  });

  const unknown: readonly unknown[] = [
    null,
    7,
    [],
    {},
    { type: 'hello' },
    { type: 'forked', token: 'xyz', pid: 7 },
    { type: 'forked', token: 'ab', pid: 1 },
    { type: 'forked', token: 'ab', pid: '7' },
    { type: 'forkFailed', token: 'ab' },
    { type: 'output', pid: -1, bytes: 1 },
    { type: 'output', pid: 7, bytes: 65_537 },
    { type: 'exited', pid: 7, code: 1.5, signal: null },
    { type: 'exited', pid: 7, code: 0 },
  ];
  for (const message of unknown) {
    it(`passes over ${JSON.stringify(message)}`, () => {
      expect(read(Buffer.concat([line(message), line({ type: 'ready' })]))).to.deep.equal([{ type: 'ready' }]);
    });
  }

  it('stops at what is no JSON', () => {
    const items = read(Buffer.concat([line({ type: 'ready' }), Buffer.from('boo\n'), line({ type: 'ready' })]), [5, 3]);
    expect(items).to.deep.equal([{ type: 'ready' }, { type: 'fault', reason: 'a line is no JSON' }]);
  });

  it('stops at a line that has no end', () => {
    const fault = { type: 'fault', reason: 'a line is too long' };
    expect(read(Buffer.alloc(LONGEST_LINE + 1, 'x'))).to.deep.equal([fault]);
    expect(read(Buffer.alloc(LONGEST_LINE + 1, 'x'), [60_000])).to.deep.equal([fault]);
    expect(read(Buffer.from(`${'x'.repeat(LONGEST_LINE + 1)}\n`))).to.deep.equal([fault]);
    const full = { type: 'forkFailed', token: 'ff', message: '' };
    full.message = 'x'.repeat(LONGEST_LINE + 1 - line(full).length);
    expect(read(line(full), [50_000])).to.deep.equal([full]);
  });

  it('never throws, and says nothing after a fault', () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(bytes, bytes, (first, second) => {
        const reader = createControlReader();
        const items = reader.take(Buffer.from(first));
        if (items.at(-1)?.type === 'fault') expect(reader.take(Buffer.from(second))).to.deep.equal([]);
      }),
    );
  });
});

describe('orderLine', () => {
  it('is one line', () => {
    const text = orderLine({ type: 'fork', token: 'ab' });
    expect(text).to.equal('{"type":"fork","token":"ab"}\n');
  });
});
