import { expect } from 'chai';
import { SMALL_BYTES } from '../../../src/http/pieces.ts';
import { BodyError, RequestBody } from '../../../src/http/request-body.ts';

const HIGH_WATER_BYTES = 65_536;

function createBody(length: number | null = null) {
  const calls: string[] = [];
  const body = new RequestBody(length, {
    wanted: () => void calls.push('wanted'),
    resume: () => void calls.push('resume'),
  });
  /** As the connection does with what it reads. */
  const come = (...pieces: readonly Uint8Array[]): void => {
    for (const each of pieces) body.push(each);
    body.handOver();
  };
  return { body, calls, come };
}

const piece = (text: string): Uint8Array => Buffer.from(text);

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  );
}

describe('RequestBody', () => {
  it('gives the pieces in order, then null again and again', async () => {
    const { body } = createBody();
    const large = new Uint8Array(SMALL_BYTES);
    body.push(large);
    body.push(piece('b'));
    body.complete();
    expect(await body.next()).to.equal(large);
    expect(String(await body.next())).to.equal('b');
    expect(await body.next()).to.equal(null);
    expect(await body.next()).to.equal(null);
  });

  it('lets a reader wait for a piece, and for the end', async () => {
    const { body, come } = createBody();
    const first = body.next();
    come(piece('a'));
    expect(String(await first)).to.equal('a');
    const end = body.next();
    body.complete();
    expect(await end).to.equal(null);
  });

  it('joins small pieces that wait, and those that come together to a reader who waits', async () => {
    const { body, come } = createBody();
    come(piece('a'), piece('b'));
    expect(String(await body.next())).to.equal('ab');
    const next = body.next();
    come(piece('c'), piece('d'), piece('e'));
    expect(String(await next)).to.equal('cde');
  });

  it('lets a reader wait for much, until it is there, or the end is, or nobody wants to wait any more', async () => {
    const { body, come } = createBody();
    const taken: string[] = [];
    const take = () => body.next(3).then((each) => taken.push(String(each)));
    const first = take();
    come(piece('a'));
    await null;
    expect(taken).to.deep.equal([]);
    come(piece('b'), piece('c'));
    await first;
    const second = take();
    come(piece('d'));
    body.hurry();
    await second;
    const third = take();
    body.hurry();
    come(piece('e'));
    await third;
    const fourth = take();
    come(piece('f'));
    body.complete();
    await fourth;
    expect(taken).to.deep.equal(['abc', 'd', 'e', 'f']);
  });

  it('ends a wait for much with the last byte that was announced', async () => {
    const { body, come } = createBody(2);
    const next = body.next(100);
    come(piece('ab'));
    expect(String(await next)).to.equal('ab');
  });

  it('tells once that it is wanted, and not when it is there already', async () => {
    const { body, calls } = createBody();
    body.push(piece('a'));
    await body.next();
    void body.next();
    expect(calls).to.deep.equal(['wanted']);
    const whole = createBody();
    whole.body.push(piece('a'));
    whole.body.complete();
    await whole.body.next();
    expect(whole.calls).to.deep.equal([]);
  });

  it('is full from 64 KiB on, and asks for more once when there is room again', async () => {
    const { body, calls } = createBody();
    body.push(new Uint8Array(HIGH_WATER_BYTES - 1));
    expect(body.isFull).to.equal(false);
    body.push(new Uint8Array(1));
    expect(body.isFull).to.equal(true);
    await body.next();
    await body.next();
    expect(body.isFull).to.equal(false);
    expect(calls.filter((call) => call === 'resume')).to.have.length(1);
  });

  it('counts nothing as waiting that a reader takes at once', () => {
    const { body, come } = createBody();
    void body.next();
    come(new Uint8Array(HIGH_WATER_BYTES));
    expect(body.isFull).to.equal(false);
    come(new Uint8Array(HIGH_WATER_BYTES));
    expect(body.isFull, 'when nobody asked for more').to.equal(true);
  });

  it('is not full for whoever wants the whole, and reads on when it was', async () => {
    const { body, calls, come } = createBody();
    come(new Uint8Array(HIGH_WATER_BYTES));
    const whole = body.bytes();
    expect([body.isFull, calls]).to.deep.equal([false, ['wanted', 'resume']]);
    come(new Uint8Array(HIGH_WATER_BYTES));
    expect(body.isFull).to.equal(false);
    body.complete();
    expect(await whole).to.have.length(2 * HIGH_WATER_BYTES);
  });

  it('stays full behind a part that was read', async () => {
    const { body, calls, come } = createBody();
    const large = new Uint8Array(HIGH_WATER_BYTES);
    come(large, large);
    await body.next();
    expect([body.isFull, calls]).to.deep.equal([true, ['wanted']]);
    await body.next();
    expect([body.isFull, calls]).to.deep.equal([false, ['wanted', 'resume']]);
  });

  it('fails a reader that waits, and whoever reads later, but after the pieces that came', async () => {
    const waiting = createBody().body;
    const next = failure(waiting.next());
    waiting.fail('gone');
    expect(await next)
      .to.be.instanceOf(BodyError)
      .with.property('message', 'gone');
    const { body } = createBody();
    body.push(piece('a'));
    body.fail('gone');
    expect(String(await body.next())).to.equal('a');
    expect(await failure(body.next())).to.be.instanceOf(BodyError);
    expect(await failure(body.bytes())).to.be.instanceOf(BodyError);
    const part = createBody();
    const bytes = failure(part.body.bytes());
    part.come(piece('a'));
    part.body.fail('gone');
    expect(await bytes, 'never a part for the whole').to.be.instanceOf(BodyError);
  });

  it('keeps its first end', async () => {
    const good = createBody().body;
    good.complete();
    good.fail('late');
    expect(await good.next()).to.equal(null);
    const bad = createBody().body;
    bad.fail('early');
    bad.complete();
    expect(await failure(bad.next())).to.be.instanceOf(BodyError);
  });

  it('drops everything when it is discarded, and asks for more if it was full', () => {
    const { body, calls } = createBody();
    body.push(new Uint8Array(HIGH_WATER_BYTES));
    body.discard();
    body.push(new Uint8Array(HIGH_WATER_BYTES));
    expect([body.isDiscarded, body.isFull, body.received]).to.deep.equal([true, false, 2 * HIGH_WATER_BYTES]);
    expect(calls).to.deep.equal(['resume']);
  });

  it('gives all bytes at once, without a copy where they came in one piece', async () => {
    const { body } = createBody(2);
    const whole = piece('ab');
    body.push(whole);
    body.complete();
    expect(await body.bytes()).to.equal(whole);
    const split = createBody();
    const bytes = split.body.bytes();
    for (const text of ['a', 'b']) split.come(piece(text));
    split.body.complete();
    expect(String(await bytes)).to.equal('ab');
    const empty = createBody().body;
    empty.complete();
    expect(await empty.bytes()).to.have.length(0);
  });

  it('is a stream that pulls, errors, and discards when it is cancelled', async () => {
    const { body, calls, come } = createBody();
    const reader = body.stream().getReader();
    expect(calls, 'before anybody reads').to.deep.equal([]);
    const first = reader.read();
    come(piece('a'));
    expect(String(Buffer.from((await first).value ?? []))).to.equal('a');
    const next = failure(reader.read());
    body.fail('gone');
    expect(await next).to.be.instanceOf(BodyError);
    const left = createBody().body;
    await left.stream().cancel();
    expect(left.isDiscarded).to.equal(true);
  });
});
