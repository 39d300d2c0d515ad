import type { ReadableStreamDefaultController, UnderlyingSource } from 'node:stream/web';
import { expect } from 'chai';
import { LightController } from '../../../../src/app/interfaces/fetch/light-controller.ts';
import { directSourceOf } from '../../../../src/app/interfaces/fetch/light-stream.ts';
import { errorName, light, platform, sourceOf } from './classes.ts';

type Controller = ReadableStreamDefaultController<unknown>;

/** Who reads a stream, and how. */
interface Reading {
  readonly name: string;
  make(source: UnderlyingSource<unknown>): ReadableStream<unknown>;
  /** Every piece, in order; rejects as the stream fails. After `limit` pieces it cancels with 'enough'. */
  read(stream: ReadableStream<unknown>, limit?: number): Promise<unknown[]>;
}

async function readAll(stream: ReadableStream<unknown>, limit = Number.POSITIVE_INFINITY): Promise<unknown[]> {
  const reader = stream.getReader();
  const pieces: unknown[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return pieces;
    pieces.push(value);
    if (pieces.length < limit) continue;
    await reader.cancel('enough');
    return pieces;
  }
}

/** As the server does. */
async function takeAll(stream: ReadableStream<unknown>, limit = Number.POSITIVE_INFINITY): Promise<unknown[]> {
  const source = directSourceOf(stream);
  if (source === null) throw new TypeError('not light, or not fresh');
  const pieces: unknown[] = [];
  return await new Promise((resolve, reject) => {
    LightController.take(source, {
      take(piece) {
        pieces.push(piece);
        if (pieces.length === limit) LightController.cancel(source, 'enough').then(() => resolve(pieces), reject);
        return true;
      },
      ended: () => resolve(pieces),
      failed: reject,
    });
  });
}

const readings: readonly Reading[] = [
  { name: 'the platform', make: (source) => new platform.ReadableStream(source), read: readAll },
  { name: 'light, with a reader', make: (source) => new light.ReadableStream(source), read: readAll },
  { name: 'light, taken by the server', make: (source) => new light.ReadableStream(source), read: takeAll },
];

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const text = (pieces: readonly unknown[]) => `${Buffer.concat(pieces.filter((piece) => piece instanceof Uint8Array))}`;

for (const { name, make, read } of readings) {
  describe(`the source of a ReadableStream (${name})`, () => {
    it('gives a piece for each pull, then ends', async () => {
      expect(text(await read(make(sourceOf('a', 'b', 'c'))))).to.equal('abc');
    });

    it('gives what start() enqueued, and all that was there when it closed', async () => {
      const start = (c: Controller) => {
        for (const piece of [1, 2, 3]) c.enqueue(piece);
        c.close();
      };
      expect(await read(make({ start }))).to.deep.equal([1, 2, 3]);
    });

    it('gives values of any kind', async () => {
      const values = [undefined, null, 0, '', Symbol.iterator];
      const start = (c: Controller) => {
        for (const value of values) c.enqueue(value);
        c.close();
      };
      expect(await read(make({ start }))).to.deep.equal(values);
    });

    it('may close at once', async () => {
      expect(await read(make({ start: (c) => c.close() }))).to.deep.equal([]);
      expect(await read(make({ pull: (c) => c.close() }))).to.deep.equal([]);
    });

    it('is this in its methods, and all get the same controller', async () => {
      const seen: unknown[] = [];
      const source = {
        start(c: Controller) {
          seen.push(this, c);
        },
        pull(c: Controller) {
          seen.push(this, c);
          c.enqueue(1);
        },
        cancel(reason: unknown) {
          seen.push(this, reason);
        },
      };
      await read(make(source), 1);
      expect(seen.filter((one) => one === source)).to.have.length(seen.length / 2);
      expect(new Set(seen.filter((one) => one !== source && one !== 'enough'))).to.have.property('size', 1);
    });

    it('has start() called at once, and pull() a microtask later, though nobody reads', async () => {
      const calls: string[] = [];
      make({ start: () => void calls.push('start'), pull: () => void calls.push('pull') });
      expect(calls).to.deep.equal(['start']);
      await Promise.resolve();
      expect(calls).to.deep.equal(['start', 'pull']);
    });

    it('is not pulled beyond one piece while nobody reads', async () => {
      let pulls = 0;
      const stream = make({
        pull(c) {
          pulls += 1;
          c.enqueue(pulls);
        },
      });
      await turn();
      expect(pulls).to.equal(1);
      expect(await read(stream, 3)).to.deep.equal([1, 2, 3]);
    });

    it('is not pulled before the promise of start() resolves', async () => {
      const calls: string[] = [];
      const start = async (c: Controller) => {
        await turn();
        calls.push('started');
        c.enqueue(1);
      };
      const pull = (c: Controller) => {
        calls.push('pull');
        c.close();
      };
      expect(await read(make({ start, pull }))).to.deep.equal([1]);
      expect(calls).to.deep.equal(['started', 'pull']);
    });

    it('is not pulled again before the promise of pull() resolves', async () => {
      let [running, most, pulls] = [0, 0, 0];
      const pull = async (c: Controller) => {
        running += 1;
        most = Math.max(most, running);
        pulls += 1;
        c.enqueue(pulls);
        c.enqueue(-pulls);
        await turn();
        if (pulls === 3) c.close();
        running -= 1;
      };
      expect(await read(make({ pull }))).to.deep.equal([1, -1, 2, -2, 3, -3]);
      expect(most).to.equal(1);
    });

    it('may be read while pull() is under way', async () => {
      const stream = make({
        pull: async (c) => {
          await turn();
          c.enqueue('late');
          c.close();
        },
      });
      await Promise.resolve();
      expect(await read(stream)).to.deep.equal(['late']);
    });

    it('is not pulled again by a pull() that gave nothing', async () => {
      let pulls = 0;
      let controller: Controller | undefined;
      const reading = read(
        make({
          pull(c) {
            pulls += 1;
            controller = c;
          },
        }),
      );
      await turn();
      expect(pulls).to.equal(1);
      controller?.enqueue('a');
      await turn();
      // Once for the piece, and once for what is read next.
      expect(pulls).to.equal(3);
      controller?.close();
      expect(await reading).to.deep.equal(['a']);
    });

    it('may leave close() to a promise that it does not return', async () => {
      const calls: string[] = [];
      const pull = (c: Controller) => {
        calls.push('pull');
        c.enqueue('a');
        Promise.resolve().then(() => c.close());
      };
      expect(await read(make({ pull }))).to.deep.equal(['a']);
      expect(calls).to.deep.equal(['pull']);
    });

    it('is told that one more piece finds room, and then none', async () => {
      const sizes: (number | null)[] = [];
      const pull = (c: Controller) => {
        while (c.desiredSize !== null && c.desiredSize > 0) {
          sizes.push(c.desiredSize);
          c.enqueue(sizes.length);
        }
        sizes.push(c.desiredSize);
        c.close();
        sizes.push(c.desiredSize);
      };
      const stream = make({ start: () => turn(), pull });
      expect(await read(stream)).to.deep.equal([1, 2]);
      // The one that is waited for does not count.
      expect(sizes).to.deep.equal([1, 1, 0, 0]);
    });

    it('sees the desired size fall while nobody reads', () => {
      const sizes: (number | null)[] = [];
      const start = (c: Controller) => {
        for (let piece = 0; piece < 3; piece += 1) {
          sizes.push(c.desiredSize);
          c.enqueue(piece);
        }
        c.close();
        sizes.push(c.desiredSize);
      };
      make({ start });
      expect(sizes).to.deep.equal([1, 0, -1, -2]);
    });

    it('sees a desired size of 0 after the end, and null after a failure', async () => {
      const controllers: Controller[] = [];
      await read(make({ start: (c) => void controllers.push(c), pull: (c) => c.close() }));
      const failing = make({ start: (c) => void controllers.push(c), pull: (c) => c.error(new RangeError('x')) });
      expect(await errorName(() => read(failing))).to.equal('RangeError');
      expect(controllers.map((c) => c.desiredSize)).to.deep.equal([0, null]);
    });

    it('cannot enqueue or close after close() and error(), with the error that the platform throws', async () => {
      const messages: string[] = [];
      const trying = (end: (c: Controller) => void) => (c: Controller) => {
        end(c);
        for (const again of [() => c.enqueue(1), () => c.close()]) {
          try {
            again();
          } catch (error) {
            if (error instanceof TypeError) messages.push(`${Reflect.get(error, 'code')} ${error.message}`);
          }
        }
      };
      await read(make({ start: trying((c) => c.close()) }));
      expect(await errorName(() => read(make({ start: trying((c) => c.error(new RangeError('x'))) })))).to.equal(
        'RangeError',
      );
      expect(messages).to.have.length(4);
      for (const message of messages) expect(message).to.match(/^ERR_INVALID_STATE .*Controller is already closed/);
    });

    it('takes error() after the end, and changes nothing', async () => {
      const stream = make({
        start: (c) => {
          c.enqueue(1);
          c.close();
        },
        pull: () => {},
      });
      expect(await read(stream)).to.deep.equal([1]);
    });

    const failures: readonly [string, UnderlyingSource<unknown>][] = [
      ['error()', { pull: (c) => c.error(new RangeError('x')) }],
      ['error() in start()', { start: (c) => c.error(new RangeError('x')) }],
      ['a rejection of start()', { start: () => Promise.reject(new RangeError('x')) }],
      ['a rejection of pull()', { pull: () => Promise.reject(new RangeError('x')) }],
      [
        'an exception in pull()',
        {
          pull: () => {
            throw new RangeError('x');
          },
        },
      ],
    ];
    for (const [how, source] of failures) {
      it(`fails by ${how}`, async () => {
        expect(await errorName(() => read(make(source)))).to.equal('RangeError');
        const late = make(source);
        await turn();
        expect(await errorName(() => read(late))).to.equal('RangeError');
      });
    }

    it('lets the constructor throw what start() throws', async () => {
      const start = () => {
        throw new RangeError('x');
      };
      expect(await errorName(() => make({ start }))).to.equal('RangeError');
    });

    it('drops what is queued when it fails', async () => {
      const stream = make({
        start: (c) => {
          c.enqueue(1);
          c.enqueue(2);
          c.error(new RangeError('x'));
        },
      });
      expect(await errorName(() => read(stream))).to.equal('RangeError');
    });

    it('is cancelled once, with the reason, and given no more work', async () => {
      const calls: unknown[] = [];
      let controller: Controller | undefined;
      const stream = make({
        start: (c) => {
          controller = c;
        },
        pull: (c) => {
          calls.push('pull');
          c.enqueue('x');
        },
        cancel: (reason) => void calls.push(reason),
      });
      expect(await read(stream, 1)).to.deep.equal(['x']);
      await turn();
      expect(calls.filter((call) => call !== 'pull')).to.deep.equal(['enough']);
      expect(await errorName(() => controller?.enqueue('y'))).to.equal('TypeError');
      expect(calls.at(-1)).to.equal('enough');
    });

    it('is cancelled with pieces left behind close()', async () => {
      const reasons: unknown[] = [];
      const stream = make({
        start: (c) => {
          for (const piece of [1, 2, 3]) c.enqueue(piece);
          c.close();
        },
        cancel: (reason) => void reasons.push(reason),
      });
      expect(await read(stream, 1)).to.deep.equal([1]);
      expect(reasons).to.deep.equal(['enough']);
    });

    it('passes on that cancel() rejects', async () => {
      const stream = make({ pull: (c) => c.enqueue(1), cancel: () => Promise.reject(new RangeError('x')) });
      expect(await errorName(() => read(stream, 1))).to.equal('RangeError');
    });

    it('locks and disturbs the stream when it is read, and keeps it so', async () => {
      const stream = make(sourceOf('a'));
      expect([stream.locked, new light.Response('x').bodyUsed]).to.deep.equal([false, false]);
      const reading = read(stream);
      expect(stream.locked).to.equal(true);
      expect(await errorName(() => stream.getReader())).to.equal('TypeError');
      expect(await errorName(() => stream.tee())).to.equal('TypeError');
      expect(await errorName(() => stream.cancel())).to.equal('TypeError');
      await reading;
      expect(stream.locked).to.equal(true);
      expect(await errorName(() => new platform.Response(stream as ReadableStream<Uint8Array>))).to.equal('TypeError');
    });
  });
}
