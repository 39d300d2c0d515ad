import { expect } from 'chai';
import { readHello } from '../../../../src/app/interfaces/wsgi/hello.ts';

function frame(kind: number, payload: string): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(Buffer.byteLength(payload), 0);
  header.writeUInt8(kind, 4);
  return Buffer.concat([header, Buffer.from(payload)]);
}

describe('readHello', () => {
  const hello = frame(16, '{"token":"ab","pid":7}');

  it('waits for the whole frame', () => {
    for (let length = 0; length < hello.length; length += 1) {
      expect(readHello(hello.subarray(0, length))).to.deep.equal({ type: 'more' });
    }
  });

  it('gives token, pid and what came after', () => {
    const rest = frame(17, '');
    expect(readHello(Buffer.concat([hello, rest]))).to.deep.equal({ type: 'hello', token: 'ab', pid: 7, rest });
  });

  const strangers: readonly [what: string, bytes: Buffer][] = [
    ['another frame', frame(17, '{"token":"ab","pid":7}')],
    ['a long one', frame(16, ' '.repeat(1025))],
    ['no JSON', frame(16, 'boo')],
    ['no token', frame(16, '{"pid":7}')],
    ['a token of another type', frame(16, '{"token":7,"pid":7}')],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')],
  ];
  for (const [what, bytes] of strangers) {
    it(`refuses ${what}`, () => expect(readHello(bytes).type).to.equal('fault'));
  }
});
