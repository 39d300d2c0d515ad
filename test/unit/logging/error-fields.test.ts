import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { TsunicornError } from '../../../src/errors.ts';
import { errorFields } from '../../../src/logging/error-fields.ts';
import fc from '../../support/random.ts';

describe('errorFields', () => {
  it('has message, stack and the stacks of the causes', () => {
    const fields = errorFields(new Error('outer', { cause: new TypeError('inner') }));
    expect(fields.message).to.equal('outer');
    expect(fields.stack).to.match(/^Error: outer\n {4}at .*\ncaused by: TypeError: inner\n {4}at /s);
  });

  it('names the errno of a system error', () => {
    expect(errorFields(Object.assign(new Error('no'), { code: 'EACCES' }))).to.include({ code: 'EACCES' });
  });

  it('shows no stack of our own sentences, but that of their cause', () => {
    const sentence = new TsunicornError('APP_LOAD', 'Cannot load app.ts.', { cause: new Error('boom') });
    expect(errorFields(sentence)).to.include({ code: 'APP_LOAD', message: 'Cannot load app.ts.' });
    expect(errorFields(sentence).stack).to.match(/^Error: boom\n/);
    expect(errorFields(new TsunicornError('USAGE', 'Unknown flag.'))).to.not.have.property('stack');
  });

  const odd: [what: string, thrown: unknown, message: string][] = [
    ['a string', 'boom', 'boom'],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['an object without a prototype', Object.create(null), '[Object: null prototype] {}'],
    ['an error of another realm', runInNewContext('new Error("far")'), 'far'],
    [
      'an error with a getter that throws',
      Object.defineProperty(new Error('x'), 'stack', {
        get() {
          throw new Error('no');
        },
      }),
      'an error that cannot be read was thrown',
    ],
  ];
  for (const [what, thrown, message] of odd) {
    it(`describes ${what}`, () => {
      expect(errorFields(thrown).message).to.equal(message);
    });
  }

  it('survives an error that is its own cause', () => {
    const error = new Error('loop');
    error.cause = error;
    expect(errorFields(error).stack?.match(/caused by/g)).to.have.length(4);
  });

  it('is bounded to 16 KiB and never cuts a character', () => {
    fc.assert(
      fc.property(fc.constantFrom('a', 'é', '☃', '😀', 'aé☃😀'), fc.nat(6), (unit, shift) => {
        const { message, stack = '' } = errorFields(new Error('a'.repeat(shift) + unit.repeat(20_000)));
        expect(Buffer.byteLength(message) + Buffer.byteLength(stack)).to.be.within(12_000, 16_384);
        expect(message + stack).to.not.include('\uFFFD');
        expect(message).to.match(/ …$/);
      }),
    );
  });

  it('counts bytes, not characters', () => {
    expect(Buffer.byteLength(errorFields('☃'.repeat(4000)).message)).to.be.within(4090, 4096);
    expect(errorFields('a'.repeat(4096)).message).to.have.length(4096);
  });
});
