import { expect } from 'chai';
import { leaveTestimony, oldest, type Testimony } from '../../../src/worker/testimony.ts';

const request = (target: string, ageMs: number) => ({ method: 'GET', target, ageMs });

describe('oldest', () => {
  it('gives 20 at most, the oldest first, with whole milliseconds', () => {
    const requests = Array.from({ length: 30 }, (_, index) => request(`/${index}`, index + 0.4));
    const ages = oldest(requests).map(({ ageMs }) => ageMs);
    expect(ages).to.deep.equal(Array.from({ length: 20 }, (_, index) => 29 - index));
  });

  it('cuts targets, and shows what is not for the eye', () => {
    const [first] = oldest([request(`/\u001b${'x'.repeat(400)}`, 1)]);
    expect(first?.target)
      .to.match(/^\/\?x+…$/)
      .and.have.length(200);
  });
});

describe('leaveTestimony', () => {
  it('tells what lies below it, whatever has been done to Error', () => {
    leaveTestimony(() => [request('/a', 5)]);
    const testify: () => Testimony = Reflect.get(process, Symbol.for('tsunicorn.testimony'));
    const prepareStackTrace = () => 'mine';
    const before = { limit: Error.stackTraceLimit, prepare: Error.prepareStackTrace };
    Error.stackTraceLimit = 0;
    Error.prepareStackTrace = prepareStackTrace;
    let told: Testimony;
    try {
      // Two calls: the one of them stands for the expression of the watchdog.
      told = stuckHere(() => testify());
      expect(Error.stackTraceLimit).to.equal(0);
      expect(Error.prepareStackTrace).to.equal(prepareStackTrace);
    } finally {
      Error.stackTraceLimit = before.limit;
      if (before.prepare === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
      else Error.prepareStackTrace = before.prepare;
    }
    expect(told.stack[0]?.text).to.match(/^stuckHere \(.*testimony\.test\.ts:\d+:\d+\)$/);
    expect(told.stack[0]?.file).to.match(/testimony\.test\.ts$/);
    expect(told).to.deep.include({ requests: [request('/a', 5)], requestsInFlight: 1 });
  });
});

function stuckHere<T>(call: () => T): T {
  return call();
}
