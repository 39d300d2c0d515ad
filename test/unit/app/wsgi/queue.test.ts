import { expect } from 'chai';
import { createCallQueue, type Seat, type Waiting } from '../../../../src/app/interfaces/wsgi/queue.ts';
import { RequestBody } from '../../../../src/http/request-body.ts';

interface TestCall extends Waiting {
  readonly name: string;
  readonly exchange: { isOver: boolean };
}

/** A channel with so many threads, and room for so many more. */
class TestSeat implements Seat<TestCall> {
  readonly has: TestCall[] = [];
  readonly threads: number;
  readonly ahead: number;
  constructor(threads: number, ahead = 0) {
    this.threads = threads;
    this.ahead = ahead;
  }
  get load() {
    return this.has.length;
  }
  get room() {
    return this.threads + this.ahead - this.has.length;
  }
  get isFree() {
    return this.has.length < this.threads;
  }
  get names() {
    return this.has.map(({ name }) => name).join('');
  }
  send(call: TestCall) {
    this.has.push(call);
  }
}

const call = (name: string, more: Partial<TestCall> = {}): TestCall => ({
  ...{ name, rest: null, queuedMs: 0, exchange: { isOver: false } },
  ...more,
});
const withBody = (name: string): TestCall =>
  call(name, { rest: new RequestBody(null, { wanted: () => {}, resume: () => {} }) });

function queueOf(...seats: TestSeat[]) {
  const queue = createCallQueue<TestCall>(new Set(seats));
  return { queue, add: (names: string) => [...names].map((name) => queue.add(call(name))) };
}

describe('createCallQueue', () => {
  it('gives a call to the process with the least work', () => {
    const [one, two] = [new TestSeat(1, 3), new TestSeat(1, 3)];
    queueOf(one, two).add('abcde');
    expect([one.names, two.names]).to.deep.equal(['ace', 'bd']);
  });

  it('keeps what finds no room, and hands it out in its order', () => {
    const [one, two] = [new TestSeat(1), new TestSeat(1)];
    const { queue, add } = queueOf(one, two);
    add('abcdef');
    expect(queue.length).to.equal(4);
    two.has.length = 0;
    queue.pump();
    one.has.length = 0;
    queue.pump();
    expect([one.names, two.names, queue.length]).to.deep.equal(['d', 'c', 2]);
  });

  it('lets nobody overtake those that wait, where there is room again', () => {
    const one = new TestSeat(1);
    const { queue, add } = queueOf(one);
    add('ab');
    one.has.length = 0;
    add('c');
    expect([one.names, queue.length]).to.deep.equal(['', 2]);
    queue.pump();
    expect(one.names).to.equal('b');
  });

  it('gives one with a body on its way only to a process that begins it at once', () => {
    const one = new TestSeat(1, 8);
    const { queue, add } = queueOf(one);
    add('a');
    queue.add(withBody('b'));
    expect([one.names, queue.length]).to.deep.equal(['a', 1]);
    one.has.length = 0;
    queue.pump();
    expect(one.names).to.equal('b');
  });

  it('puts those that a process left in front', () => {
    const one = new TestSeat(1);
    const { queue, add } = queueOf(one);
    add('abc');
    one.has.length = 0;
    queue.addAgain([call('x'), call('y')]);
    for (const next of 'ybc') {
      one.has.length = 0;
      queue.pump();
      expect(one.names).to.equal(next);
    }
    expect(queue.length).to.equal(0);
  });

  it('forgets those whose client is gone', () => {
    const one = new TestSeat(1);
    const { queue, add } = queueOf(one);
    add('a');
    const gone = call('b');
    queue.add(gone);
    add('c');
    gone.exchange.isOver = true;
    one.has.length = 0;
    queue.pump();
    expect([one.names, queue.length]).to.deep.equal(['c', 0]);
  });

  it('takes away those that have waited for too long, and no others', () => {
    const one = new TestSeat(0);
    const { queue } = queueOf(one);
    const gone = call('b', { queuedMs: 2 });
    for (const each of [call('a', { queuedMs: 1 }), gone, call('c', { queuedMs: 3 })]) queue.add(each);
    gone.exchange.isOver = true;
    expect(queue.expire(3).map(({ name }) => name)).to.deep.equal(['a']);
    expect(queue.length).to.equal(1);
  });

  it('keeps order and count over thousands', () => {
    const one = new TestSeat(1);
    const { queue } = queueOf(one);
    for (let index = 0; index < 5_000; index += 1) queue.add(call(`${index}`));
    const order: string[] = [];
    while (one.has.length > 0) {
      order.push(one.names);
      one.has.length = 0;
      queue.pump();
    }
    expect(order).to.deep.equal(Array.from({ length: 5_000 }, (_, index) => `${index}`));
  });
});
