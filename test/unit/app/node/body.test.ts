import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect } from 'chai';
import { continueWhenRead, failRead, watchChunkedBody } from '../../../../src/app/interfaces/node/body.ts';
import type { Refusal } from '../../../../src/http/refusal.ts';
import { limits } from './head.ts';

describe('watchChunkedBody', () => {
  function feed(
    pieces: readonly Buffer[],
    trailers: readonly string[] = [],
  ): { request: IncomingMessage; faults: number[] } {
    const request = new IncomingMessage(new Socket());
    const faults: number[] = [];
    watchChunkedBody(request, { limits, fromBytes: 0, onFault: ({ status }: Refusal) => faults.push(status) });
    for (const piece of pieces) request.push(piece);
    request.rawTrailers = [...trailers];
    request.push(null);
    return { request, faults };
  }

  it('lets a body through that is as long as may be', async () => {
    const { request, faults } = feed([Buffer.alloc(500), Buffer.alloc(500)]);
    expect(faults).to.deep.equal([]);
    expect(Buffer.concat(await request.toArray())).to.have.length(1_000);
  });

  it('never ends a body that is too long, and keeps back what is too much', () => {
    const { request, faults } = feed([Buffer.alloc(600), Buffer.alloc(600), Buffer.alloc(600)]);
    expect(faults).to.deep.equal([413]);
    expect(request.readableLength).to.equal(600);
    expect(request.readableEnded).to.equal(false);
  });

  const rows: readonly (readonly [name: string, trailers: readonly string[], faults: readonly number[]])[] = [
    ['a trailer', ['X-Digest', 'a'], []],
    ['Host', ['hOsT', 'a'], [400]],
    ['Authorization behind another', ['X', 'a', 'Authorization', 'b'], [400]],
    ['a trailer too long', ['X', 'a'.repeat(39)], [431]],
    ['too many', Array.from({ length: 10 }, () => 'x'), [431]],
    ['too long together', ['X', 'a'.repeat(38), 'Y', 'a'.repeat(38), 'Z', 'a'.repeat(10)], [431]],
  ];
  for (const [name, trailers, expected] of rows) {
    it(`${expected.length === 0 ? 'takes' : `answers ${expected.join()} to`} ${name} at the end`, () => {
      expect(feed([], trailers).faults).to.deep.equal(expected);
    });
  }
});

describe('continueWhenRead', () => {
  it('sends 100 Continue once, when the request is read first', () => {
    const request = new IncomingMessage(new Socket());
    const response = new ServerResponse(request);
    let sent = 0;
    response.writeContinue = () => {
      sent += 1;
    };
    continueWhenRead(request, response);
    expect(sent).to.equal(0);
    request.read();
    request.read();
    expect(sent).to.equal(1);
  });
});

describe('failRead', () => {
  it('ends an iteration with an error and leaves the socket alone', async () => {
    const socket = new Socket();
    const request = new IncomingMessage(socket);
    const read = request.toArray().then(
      () => 'whole',
      ({ code }: NodeJS.ErrnoException) => code,
    );
    failRead(request);
    expect(await read).to.equal('ECONNRESET');
    expect([request.aborted, request.destroyed, socket.destroyed]).to.deep.equal([true, true, false]);
  });

  it('is no error where nobody listens', async () => {
    const request = new IncomingMessage(new Socket());
    const closed = new Promise((resolve) => request.once('close', () => resolve('closed')));
    failRead(request);
    expect(await closed).to.equal('closed');
  });
});
