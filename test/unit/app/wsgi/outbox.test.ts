import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { FrameReader, HEADER_BYTES } from '../../../../src/app/interfaces/wsgi/frames.ts';
import { Outbox } from '../../../../src/app/interfaces/wsgi/outbox.ts';
import { eventually } from '../../../support/eventually.ts';

describe('Outbox', () => {
  let server: Server;
  let ours: Socket;
  let theirs: Socket;
  let outbox: Outbox;
  /** What the other side has read. */
  let seen: { id: number; kind: number; text: string }[];
  let reader: FrameReader;

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepted = once(server, 'connection');
    ours = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(ours, 'connect');
    [theirs] = await accepted;
    seen = [];
    reader = new FrameReader();
    theirs.on('data', (bytes: Buffer) =>
      reader.read(bytes, bytes.length, ({ id, kind, bytes, begin, end }) =>
        seen.push({ id, kind, text: bytes.toString('latin1', begin, end) }),
      ),
    );
    outbox = new Outbox(ours);
  });
  afterEach(async () => {
    ours.destroy();
    theirs.destroy();
    server.close();
    await once(server, 'close');
  });
  const texts = () => seen.map(({ text }) => text);

  it('sends text and bytes as one payload, at the end of the round', async () => {
    outbox.frame({ kind: 2, id: 7 }, 'häd', Buffer.from([0, 255]));
    outbox.frame({ kind: 4, id: 8 });
    expect(ours.bytesWritten).to.equal(0);
    await eventually(() => seen.length === 2);
    expect(seen).to.deep.equal([
      { id: 7, kind: 2, text: 'häd\0\u00ff' },
      { id: 8, kind: 4, text: '' },
    ]);
  });

  it('sends at once when it is told to', () => {
    outbox.frame({ kind: 2 }, 'now');
    outbox.flush();
    expect(ours.bytesWritten).to.equal(HEADER_BYTES + 3);
  });

  it('keeps the order of small and large ones', async () => {
    const large = Buffer.alloc(500_000, 'b');
    for (const [text, bytes] of [
      ['a', null],
      ['head ', large],
      ['c', null],
      ['d'.repeat(65_536 - HEADER_BYTES), null],
      ['e'.repeat(65_536), null],
      ['f', null],
    ] as const) {
      outbox.frame({ kind: 2 }, text, bytes);
    }
    await eventually(() => seen.length === 6);
    expect(texts().map((text) => `${text[0]}${text.length}`)).to.deep.equal([
      ...['a1', 'h500005', 'c1', `d${65_536 - HEADER_BYTES}`, 'e65536', 'f1'],
    ]);
  });

  it('writes over nothing that the kernel has not taken', async () => {
    theirs.pause();
    const count = 3_000;
    for (let index = 0; index < count; index += 1) {
      outbox.frame({ kind: 2, id: index }, `${index} `.padEnd(2_000, String.fromCharCode(97 + (index % 26))));
      if (index % 7 === 0) outbox.flush();
      if (index % 100 === 0) await new Promise(setImmediate);
    }
    expect(ours.writableLength).to.be.above(0);
    theirs.resume();
    await eventually(() => seen.length === count);
    for (const [index, { id, text }] of seen.entries()) {
      expect([id, text]).to.deep.equal([index, `${index} `.padEnd(2_000, String.fromCharCode(97 + (index % 26)))]);
    }
  });

  it('drops what is for nobody any more', async () => {
    ours.destroy();
    outbox.frame({ kind: 2 }, 'small');
    outbox.frame({ kind: 2 }, 'x'.repeat(100_000));
    outbox.flush();
    await once(theirs, 'close');
    expect(seen).to.deep.equal([]);
  });
});
