import { expect } from 'chai';
import { type BodyMemory, createBodyMemory } from '../../../../src/app/interfaces/wsgi/body-memory.ts';
import { type Gathered, gather as gatherInto } from '../../../../src/app/interfaces/wsgi/gather.ts';
import { BodyError, RequestBody } from '../../../../src/http/request-body.ts';

const KIB = 1_024;
const newBody = (length: number | null = null) => new RequestBody(length, { wanted: () => {}, resume: () => {} });
const gather = (body: RequestBody, memory: BodyMemory = createBodyMemory()) => gatherInto(body, memory.share());
/** As the connection does with what it reads. */
function come(body: RequestBody, piece: Uint8Array): void {
  body.push(piece);
  body.handOver();
}

describe('gather', () => {
  it('has nothing of an empty body', async () => {
    const body = newBody(0);
    body.complete();
    expect(await gather(body)).to.deep.equal({ body: null, rest: null });
  });

  it('puts the pieces of a small body together, whether its length is known or not', async () => {
    for (const length of [6, null]) {
      const body = newBody(length);
      const gathering = gather(body);
      come(body, Buffer.from('abc'));
      await null;
      come(body, Buffer.from('def'));
      body.complete();
      const { body: whole, rest } = await gathering;
      expect([String(whole), rest]).to.deep.equal(['abcdef', null]);
    }
  });

  it('does not wait for the end of a body that is whole by its length', async () => {
    const body = newBody(3);
    come(body, Buffer.from('abc'));
    expect(await gather(body)).to.deep.equal({ body: Buffer.from('abc'), rest: null });
  });

  it('hands on a large one after 768 KiB, with its rest', async () => {
    const body = newBody();
    const gathering = gather(body);
    for (let count = 0; count < 13; count += 1) {
      come(body, Buffer.alloc(64 * KIB, `${count % 10}`));
      await new Promise(setImmediate);
    }
    const { body: first, rest } = await gathering;
    expect(first?.length).to.equal(768 * KIB);
    expect(rest).to.equal(body);
    expect((await rest?.next())?.[0]).to.equal('2'.charCodeAt(0));
  });

  it('keeps pieces of one byte in order, and takes little more memory than their bytes', async () => {
    const body = newBody();
    const gathering = gather(body);
    const count = 20_000;
    for (let index = 0; index < count; index += 1) {
      come(body, Buffer.of(index % 251));
      if (index % 1_000 === 0) await new Promise(setImmediate);
    }
    body.complete();
    const whole = (await gathering).body ?? Buffer.of();
    expect(whole.length).to.equal(count);
    expect(whole.every((byte, index) => byte === index % 251)).to.equal(true);
    expect(whole.buffer.byteLength).to.be.at.most(2 * count);
  });

  it('fails where the body does', async () => {
    const body = newBody();
    const gathering = gather(body);
    come(body, Buffer.from('abc'));
    body.fail('broken off');
    expect(await gathering.catch((error: unknown) => error)).to.be.instanceOf(BodyError);
  });

  it('hands on what it has when the memory is short, and waits for none that others hold', async () => {
    const memory = createBodyMemory(100 * KIB);
    const bodies = Array.from({ length: 50 }, () => newBody());
    const ended: Gathered[] = [];
    const gathering = bodies.map((body) => gather(body, memory).then((gathered) => void ended.push(gathered)));
    for (const body of bodies) come(body, Buffer.alloc(10 * KIB));
    await new Promise(setImmediate);
    // Those that had their first piece when there was enough go on reading until they have another one.
    for (const body of bodies) come(body, Buffer.alloc(10 * KIB));
    await Promise.all(gathering);
    expect(ended.every(({ rest }) => rest !== null)).to.equal(true);
    const held = ended.reduce((sum, { body }) => sum + (body?.length ?? 0), 0);
    expect(held).to.be.at.most(600 * KIB);
    expect(memory.heldBytes).to.be.within(100 * KIB, 600 * KIB);
  });

  it('reads nothing of a body that is not here when the memory is short', async () => {
    const memory = createBodyMemory(100 * KIB);
    memory.share().take(100 * KIB);
    const calls: string[] = [];
    const body = new RequestBody(null, { wanted: () => void calls.push('wanted'), resume: () => {} });
    come(body, Buffer.alloc(64 * KIB));
    expect(await gather(body, memory)).to.deep.equal({ body: null, rest: body });
    expect([calls, body.isFull, memory.heldBytes]).to.deep.equal([[], true, 100 * KIB]);
  });

  it('still gives as a whole what has come to its end when the memory is short', async () => {
    const memory = createBodyMemory(100 * KIB);
    memory.share().take(100 * KIB);
    const body = newBody();
    come(body, Buffer.from('abc'));
    body.complete();
    expect(await gather(body, memory)).to.deep.equal({ body: Buffer.from('abc'), rest: null });
  });

  it('needs no more memory than a body whose length is known has', async () => {
    const memory = createBodyMemory();
    const body = newBody(100 * KIB);
    const gathering = gather(body, memory);
    for (let count = 0; count < 10; count += 1) {
      come(body, Buffer.alloc(10 * KIB));
      await new Promise(setImmediate);
    }
    expect((await gathering).body?.buffer.byteLength).to.equal(100 * KIB);
    expect(memory.heldBytes).to.equal(100 * KIB);
  });
});

describe('createBodyMemory', () => {
  it('counts what each holds, until its request is over, and nothing afterwards', () => {
    const memory = createBodyMemory(10);
    const [one, two] = [memory.share(), memory.share()];
    one.take(4);
    one.take(8);
    two.take(1);
    expect([memory.heldBytes, one.isShort, two.isShort]).to.deep.equal([9, false, false]);
    two.take(2);
    expect([memory.heldBytes, one.isShort, two.isShort]).to.deep.equal([10, true, true]);
    one.release();
    one.take(5);
    one.release();
    expect([memory.heldBytes, two.isShort]).to.deep.equal([2, false]);
  });
});
