import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ReadableStream as NodeReadableStream, ReadableStreamDefaultController } from 'node:stream/web';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { directSourceOf } from '../../../../src/app/interfaces/fetch/light-stream.ts';
import { bytesOf, call, describeFetchClasses, errorName, light, platform, sourceOf } from './classes.ts';

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  let text = '';
  for await (const piece of stream) text += piece instanceof Uint8Array ? Buffer.from(piece) : piece;
  return text;
}

describeFetchClasses('a ReadableStream', ({ ReadableStream, Response, Request }) => {
  const make = (...pieces: string[]) => new ReadableStream<Uint8Array>(sourceOf(...pieces));

  it('is one for everybody', () => {
    const stream = make('a');
    expect(stream).to.be.instanceOf(ReadableStream);
    expect(stream).to.be.instanceOf(platform.ReadableStream);
    expect(stream).to.be.instanceOf(NodeReadableStream);
    expect(Object.prototype.toString.call(stream)).to.equal('[object ReadableStream]');
    expect(stream.constructor).to.equal(ReadableStream);
    expect(Object.keys(stream)).to.deep.equal([]);
    expect(inspect(stream)).to.equal("ReadableStream { locked: false, state: 'readable', supportsBYOB: false }");
    expect(inspect(new ReadableStream({ start: (c) => c.close() }))).to.include("state: 'closed'");
  });

  it('gives its source a controller of the class that there is', () => {
    new ReadableStream({
      start(controller) {
        expect(controller).to.be.instanceOf(ReadableStreamDefaultController);
        expect(Object.prototype.toString.call(controller)).to.equal('[object ReadableStreamDefaultController]');
        expect(controller.constructor.name).to.equal('ReadableStreamDefaultController');
        expect(inspect(controller)).to.equal('ReadableStreamDefaultController {}');
      },
    });
  });

  it('takes further properties', () => {
    expect(Object.assign(make(), { note: 1 }).note).to.equal(1);
  });

  it('can be iterated', async () => {
    expect(await textOf(make('a', 'b'))).to.equal('ab');
    expect(await textOf(make('a', 'b').values())).to.equal('ab');
  });

  it('can be left in the middle of an iteration', async () => {
    let cancels = 0;
    const cancel = () => {
      cancels += 1;
    };
    const stream = new ReadableStream({ ...sourceOf('a', 'b'), cancel });
    for await (const _ of stream) break;
    expect(cancels).to.equal(1);
  });

  it('can be split in two', async () => {
    const [one, other] = make('a', 'b').tee();
    expect([await textOf(one), await textOf(other)]).to.deep.equal(['ab', 'ab']);
  });

  it('goes through transforms', async () => {
    const upper = new TransformStream<string, string>({ transform: (piece, c) => c.enqueue(piece.toUpperCase()) });
    const text = make('a', 'b').pipeThrough(new TextDecoderStream()).pipeThrough(upper);
    expect(await textOf(text.pipeThrough(new TextEncoderStream()))).to.equal('AB');
    const words = new ReadableStream<string>({
      start(controller) {
        controller.enqueue('ä');
        controller.close();
      },
    });
    expect(await textOf(words.pipeThrough(new TextEncoderStream()))).to.equal('ä');
  });

  it('goes to a writable stream', async () => {
    const pieces: unknown[] = [];
    await make('a', 'b').pipeTo(new WritableStream({ write: (piece) => void pieces.push(piece) }));
    expect(pieces).to.deep.equal([bytesOf('a'), bytesOf('b')]);
  });

  it("becomes one of Node's", async () => {
    expect(await textOf(Readable.fromWeb(make('a', 'b')))).to.equal('ab');
    const stream = make('a');
    const ended = call({ finished }, 'finished', stream);
    expect(await textOf(stream)).to.equal('a');
    await ended;
  });

  it('can be cancelled with a reason', async () => {
    const reasons: unknown[] = [];
    const stream = new ReadableStream({ cancel: (reason) => void reasons.push(reason) });
    await stream.cancel('why');
    expect(reasons).to.deep.equal(['why']);
    expect(await stream.getReader().read()).to.deep.equal({ done: true, value: undefined });
  });

  it('can lose its reader and get another', async () => {
    const stream = make('a', 'b');
    const first = stream.getReader();
    await first.read();
    first.releaseLock();
    expect(stream.locked).to.equal(false);
    expect(await textOf(stream)).to.equal('b');
  });

  it('goes on where it was when a reader comes late', async () => {
    let controller: ReadableStreamDefaultController<string> | undefined;
    const stream = new ReadableStream<string>({
      start(given) {
        controller = given;
      },
    });
    controller?.enqueue('a');
    await new Promise((resolve) => setImmediate(resolve));
    const reading = textOf(stream);
    controller?.enqueue('b');
    expect(controller?.desiredSize).to.equal(-1);
    controller?.close();
    expect(await reading).to.equal('ab');
    expect(await errorName(() => controller?.enqueue('c'))).to.equal('TypeError');
  });

  it('is the body of a message, the same object', async () => {
    const [one, other] = [make('a'), make('b')];
    const response = new Response(one);
    expect([response.body === one, response.bodyUsed]).to.deep.equal([true, false]);
    const request = new Request('http://localhost/', { method: 'POST', body: other, duplex: 'half' });
    expect([await response.text(), await request.text()]).to.deep.equal(['a', 'b']);
    expect(response.bodyUsed).to.equal(true);
    expect(await new platform.Response(make('c')).text()).to.equal('c');
  });

  it('of a message that is cloned is read twice', async () => {
    const response = new Response(make('a'));
    const clone = response.clone();
    expect([await response.text(), await clone.text()]).to.deep.equal(['a', 'a']);
  });

  it('reads bytes into buffers that are given', async () => {
    const stream = new ReadableStream({
      type: 'bytes',
      pull(controller) {
        controller.enqueue(bytesOf('ab'));
        controller.close();
      },
    });
    const { value } = await stream.getReader({ mode: 'byob' }).read(new Uint8Array(8));
    expect(value).to.deep.equal(bytesOf('ab'));
  });

  it('follows a strategy', async () => {
    let pulls = 0;
    const pull = (controller: ReadableStreamDefaultController<number>) => {
      pulls += 1;
      controller.enqueue(pulls);
    };
    new ReadableStream({ pull }, { highWaterMark: 3 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(pulls).to.equal(3);
  });

  for (const source of [null, 5, { type: 'bits' }, { pull: 5 }, { start: 'x' }, { cancel: {} }]) {
    it(`refuses ${inspect(source)} as the platform does`, async () => {
      const make = (Class: object) => errorName(() => Reflect.construct(Class as typeof ReadableStream, [source]));
      expect(await make(ReadableStream)).to.equal(await make(platform.ReadableStream));
    });
  }

  it('may have no source, and one of an iterable', async () => {
    expect(new ReadableStream().locked).to.equal(false);
    const from = call(ReadableStream, 'from', ['a', 'b']);
    if (!(from instanceof ReadableStream)) throw new TypeError('no stream');
    expect(await textOf(from)).to.equal('ab');
  });

  it('has subclasses', async () => {
    class Lines extends ReadableStream<Uint8Array> {
      readonly kind = 'lines';
      constructor(...lines: string[]) {
        super(sourceOf(...lines));
      }
    }
    const lines = new Lines('a', 'b');
    expect([lines instanceof Lines, lines instanceof ReadableStream, lines.kind]).to.deep.equal([true, true, 'lines']);
    expect(await textOf(lines)).to.equal('ab');
  });

  it('has a class that looks as it should', () => {
    expect([ReadableStream.name, ReadableStream.length]).to.deep.equal(['ReadableStream', 0]);
    expect(ReadableStream.prototype).to.equal(platform.ReadableStream.prototype);
    expect(Reflect.ownKeys(ReadableStream)).to.deep.equal(Reflect.ownKeys(platform.ReadableStream));
    expect({}).to.not.be.instanceOf(ReadableStream);
    expect(new TransformStream().readable).to.be.instanceOf(ReadableStream);
  });
});

describe('directSourceOf', () => {
  it('has a source for a light stream that nobody has touched, also after it was asked whether it is locked', () => {
    const stream = new light.ReadableStream<Uint8Array>(sourceOf('a'));
    expect(new light.Response(stream).bodyUsed).to.equal(false);
    expect(stream.locked).to.equal(false);
    expect(directSourceOf(stream)).to.not.equal(null);
  });

  it("has none after somebody had a look, nor for the platform's streams", () => {
    const stream = new light.ReadableStream<Uint8Array>(sourceOf('a'));
    stream.getReader().releaseLock();
    expect(directSourceOf(stream)).to.equal(null);
    expect(directSourceOf(new TransformStream().readable)).to.equal(null);
    expect(directSourceOf(new platform.ReadableStream(sourceOf('a')))).to.equal(null);
    expect(directSourceOf(new light.ReadableStream({}, { highWaterMark: 0 }))).to.equal(null);
  });
});
