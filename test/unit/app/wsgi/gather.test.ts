import { expect } from 'chai';
import { gather } from '../../../../src/app/interfaces/wsgi/gather.ts';
import { BodyError, RequestBody } from '../../../../src/http/request-body.ts';

const KIB = 1_024;
const newBody = (length: number | null = null) => new RequestBody(length, { wanted: () => {}, resume: () => {} });
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
});
