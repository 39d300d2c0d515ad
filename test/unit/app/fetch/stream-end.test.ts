import type { ReadableStreamDefaultController, UnderlyingSource } from 'node:stream/web';
import { expect } from 'chai';
import { errorName, light, platform, sourceOf } from './classes.ts';
import { readings, turn } from './stream-readings.ts';

type Controller = ReadableStreamDefaultController<unknown>;

for (const { name, make, read } of readings) {
  describe(`the end of a ReadableStream (${name})`, () => {
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
      const controllers: Controller[] = [];
      const stream = make({ start: (c) => void controllers.push(c), pull: (c) => c.close() });
      expect(await read(stream)).to.deep.equal([]);
      for (const c of controllers) c.error(new RangeError('x'));
      expect(controllers.map((c) => c.desiredSize)).to.deep.equal([0]);
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
