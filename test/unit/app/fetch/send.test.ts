import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { ReadableStreamDefaultController, UnderlyingSource } from 'node:stream/web';
import { expect } from 'chai';
import { createFetchService } from '../../../../src/app/interfaces/fetch/service.ts';
import { eventually } from '../../../support/eventually.ts';
import { bytesOf, describeFetchClasses, sourceOf } from './classes.ts';

type Controller = ReadableStreamDefaultController<unknown>;
const MINUTE_MS = 60_000;
/** What has not changed for so long has come to a stand. */
const STILLNESS = { everyMs: 10 };
const limits = {
  ...{ maxRequestLineBytes: 8_190, maxFields: 100, maxFieldBytes: 8_190, maxHeadBytes: 32_768, maxBodyBytes: null },
  ...{ headerTimeoutMs: MINUTE_MS, bodyTimeoutMs: MINUTE_MS, writeTimeoutMs: MINUTE_MS, requestTimeoutMs: null },
  ...{ keepAliveMs: MINUTE_MS, drainIdleTimeoutMs: 0 },
};

describeFetchClasses('a streamed answer', ({ ReadableStream, Response }) => {
  let server: Server;
  let failures: unknown[];
  let sockets: Socket[];
  let answer: () => Response;

  beforeEach(async () => {
    failures = [];
    sockets = [];
    const service = createFetchService(() => answer(), {
      ...{ limits, serverHeader: '', light: true },
      originOf: (fields) => ({ clientAddress: '127.0.0.1', secure: false, fields }),
      observer: { failed: (error) => void failures.push(error) },
    });
    server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket);
      service.accept(socket, { address: '127.0.0.1', port: 1, encrypted: false });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });

  function answerOf(source: UnderlyingSource<unknown>, headers: Readonly<Record<string, string>> = {}): Response {
    return Reflect.construct(Response, [new ReadableStream(source), { headers }]);
  }

  function client(): Socket {
    const address = server.address() as AddressInfo;
    return connect(address.port, '127.0.0.1');
  }

  /** All that comes for these requests until the server closes, or cuts. */
  async function ask(...lines: string[]): Promise<string> {
    const socket = client();
    const requests = lines.map((line) => `${line} HTTP/1.1\r\nHost: a\r\n`);
    socket.write(`${requests.join('\r\n')}Connection: close\r\n\r\n`);
    return (await buffer(socket)).toString('latin1');
  }

  function bodyOf(answered: string): string {
    return answered.slice(answered.indexOf('\r\n\r\n') + 4);
  }

  it('has a chunk for each piece, and the connection goes on', async () => {
    answer = () => answerOf(sourceOf('a', 'bc'));
    const chunks = '1\r\na\r\n2\r\nbc\r\n0\r\n\r\n';
    const both = await ask('GET /', 'GET /');
    expect(both.split('HTTP/1.1 200 OK\r\n').slice(1).map(bodyOf)).to.deep.equal([chunks, chunks]);
    expect(failures).to.deep.equal([]);
  });

  it('holds no piece back for the next one', async () => {
    let controller: Controller | undefined;
    answer = () =>
      answerOf({
        start(given) {
          controller = given;
        },
      });
    const socket = client();
    let seen = '';
    socket.on('data', (bytes) => {
      seen += bytes;
    });
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => seen.endsWith('\r\n\r\n'));
    for (const piece of ['a', 'b']) {
      controller?.enqueue(bytesOf(piece));
      await eventually(() => seen.endsWith(`1\r\n${piece}\r\n`) || seen.endsWith(`1\r\n${piece}`));
    }
    controller?.close();
    await eventually(() => seen.endsWith('\r\n0\r\n\r\n'));
    socket.destroy();
  });

  it('has pieces of all sizes, in order', async () => {
    const sizes = [1, 8_191, 8_192, 8_193, 0, 30_000, 5, 80_000, 8_192, ...Array.from({ length: 40 }, () => 4_096), 3];
    const pieces = sizes.map((size, index) => new Uint8Array(size).fill(97 + (index % 26)));
    answer = () => {
      const left = [...pieces];
      const pull = (controller: Controller) => {
        const piece = left.shift();
        if (piece === undefined) controller.close();
        else controller.enqueue(piece);
      };
      return answerOf({ pull }, { 'x-long': 'x'.repeat(7_000) });
    };
    const expected = pieces
      .filter(({ length }) => length > 0)
      .map((piece) => `${piece.length.toString(16)}\r\n${Buffer.from(piece)}\r\n`);
    expect(bodyOf(await ask('GET /')) === `${expected.join('')}0\r\n\r\n`).to.equal(true);
  });

  it('is not read for HEAD, but cancelled', async () => {
    const calls: unknown[] = [];
    const source = {
      pull: () => void calls.push('pull'),
      cancel: (reason: unknown) => void calls.push(reason),
    };
    answer = () => answerOf(source);
    const answered = await ask('HEAD /', 'HEAD /');
    expect(answered.match(/HTTP\/1.1 200 OK/g)).to.have.length(2);
    expect(bodyOf(answered)).to.match(/^HTTP/);
    expect(calls.filter((call) => call !== 'pull')).to.deep.equal([undefined, undefined]);
  });

  it('is cancelled once when the client goes, which is no failure', async () => {
    const reasons: unknown[] = [];
    const cancel = (reason: unknown) => void reasons.push(reason);
    answer = () => answerOf({ start: (c) => c.enqueue(bytesOf('a')), cancel });
    const socket = client();
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'data');
    socket.resetAndDestroy();
    await eventually(() => reasons.length > 0);
    expect(reasons).to.have.length(1);
    expect(reasons[0]).to.be.instanceOf(Error);
    expect(failures).to.deep.equal([]);
  });

  for (const piece of ['text', null, undefined, new Uint16Array(1), {}]) {
    it(`of a piece that is ${String(piece)} is cut off`, async () => {
      const reasons: unknown[] = [];
      const start = (controller: Controller) => {
        controller.enqueue(bytesOf('a'));
        controller.enqueue(piece);
        controller.enqueue(bytesOf('b'));
      };
      answer = () => answerOf({ start, cancel: (reason) => void reasons.push(reason) });
      expect(bodyOf(await ask('GET /'))).to.match(/^1\r\na(\r\n)?$/);
      expect(failures).to.have.length(1);
      expect(failures[0]).to.be.instanceOf(TypeError);
      expect(reasons).to.have.length(1);
    });
  }

  it('of a stream that fails is cut off behind what was there', async () => {
    let pulls = 0;
    const pull = (controller: Controller) => {
      pulls += 1;
      if (pulls === 2) throw new RangeError('x');
      controller.enqueue(bytesOf('a'));
    };
    answer = () => answerOf({ pull });
    expect(bodyOf(await ask('GET /'))).to.match(/^1\r\na(\r\n)?$/);
    expect(failures.map(String)).to.deep.equal(['RangeError: x']);
  });

  for (const [length, got] of [
    [3, 'ab'],
    [1, 'a'],
  ] as const) {
    it(`of two bytes and a Content-Length of ${length} is cut off`, async () => {
      answer = () => answerOf(sourceOf('a', 'b'), { 'content-length': String(length) });
      expect(bodyOf(await ask('GET /'))).to.equal(got);
      expect(failures).to.have.length(1);
      expect(failures[0]).to.be.instanceOf(RangeError);
    });
  }

  it('without an end keeps to what its client takes, and leaves others their turn', async () => {
    let bytes = 0;
    const piece = new Uint8Array(4_096);
    const pull = (controller: Controller) => {
      bytes += piece.length;
      controller.enqueue(piece);
    };
    answer = () => answerOf({ pull });
    const socket = client();
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    socket.pause();
    let before = -1;
    await eventually(() => {
      const stands = bytes > 0 && bytes === before;
      before = bytes;
      return stands;
    }, STILLNESS);
    const stood = bytes;
    let received = 0;
    socket.on('data', ({ length }) => {
      received += length;
    });
    socket.resume();
    await eventually(() => received > 4 * stood);
    socket.destroy();
    expect(failures).to.deep.equal([]);
  });
});
