import { expect } from 'chai';
import { describeThrown } from '../../../src/app/describe.ts';
import { TsunicornError } from '../../../src/errors.ts';

describe('describeThrown', () => {
  it("keeps the application's frames and leaves out Node's and the TypeScript loader's", () => {
    const error = new TypeError('no db');
    error.stack = [
      'TypeError: no db',
      '    at connect (/srv/app/db.ts:3:9)',
      '    at eval_evalModule (/srv/node_modules/jiti/dist/jiti.cjs:1:1)',
      '    at node:internal/modules/cjs/loader:1:1',
    ].join('\n');
    expect(describeThrown(error)).to.equal('TypeError: no db\n    at connect (/srv/app/db.ts:3:9)');
  });

  it('tells where TypeScript does not parse as Node does for JavaScript', () => {
    const error = new Error('ParseError: Unexpected token  \n /srv/app.ts:2:10');
    expect(describeThrown(error)).to.equal('SyntaxError: Unexpected token\n    at /srv/app.ts:2:10');
  });

  it('tells the causes below', () => {
    const error = new Error('cannot start', { cause: new Error('connection refused') });
    expect(describeThrown(error)).to.match(/^Error: cannot start[\s\S]*\nCaused by: Error: connection refused/);
  });

  it('ends on a circle of causes', () => {
    const error = new Error('round');
    error.cause = error;
    expect(describeThrown(error).split('Caused by').length).to.be.lessThan(7);
  });

  it('is only the message of an error of ours', () => {
    expect(describeThrown(new TsunicornError('APP_EXPORT', 'What to do.'))).to.equal('What to do.');
  });

  for (const thrown of ['text', 7, null, Symbol('x'), Object.create(null)]) {
    it(`says that ${typeof thrown} is no Error`, () => {
      expect(describeThrown(thrown)).to.match(/^The application threw a value that is no Error: /);
    });
  }

  it('is bounded', () => {
    expect(describeThrown(new Error('x'.repeat(1_000_000))).length).to.be.at.most(16 * 1024);
  });
});
