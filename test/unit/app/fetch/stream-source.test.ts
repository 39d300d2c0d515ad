import type { ReadableStreamDefaultController } from 'node:stream/web';
import { expect } from 'chai';
import { sourceOf } from './classes.ts';
import { readings, turn } from './stream-readings.ts';

type Controller = ReadableStreamDefaultController<unknown>;

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
  });
}
