import { expect } from 'chai';
import { exitCodeOf, reportError } from '../../../src/cli/report.ts';
import { TsunicornError } from '../../../src/errors.ts';

describe('reportError', () => {
  it('writes one message and a line for each fault', () => {
    const error = new TsunicornError('CONFIG_INVALID', 'Two faults:', { faults: ['One.', 'Two.'] });
    expect(reportError(error)).to.equal('tsunicorn: Two faults:\n  - One.\n  - Two.\n');
  });

  it('points to the help after wrong usage', () => {
    const text = 'tsunicorn: Unknown flag -x.\ntsunicorn --help lists all flags.\n';
    expect(reportError(new TsunicornError('USAGE', 'Unknown flag -x.'))).to.equal(text);
  });

  it('asks on one line to report an error that nobody foresaw', () => {
    const text = reportError(new TypeError('x is\n  not a function'));
    expect(text).to.match(
      /^tsunicorn: unexpected error: TypeError: x is not a function \(at .+\)\. .*please report it.*\n$/,
    );
    expect(text.trim().split('\n')).to.have.lengthOf(1);
  });

  it('copes with whatever is thrown', () => {
    expect(reportError('text')).to.match(/^tsunicorn: unexpected error: text\. This is a bug/);
    expect(reportError(undefined)).to.include('undefined');
  });
});

describe('exitCodeOf', () => {
  it('is that of the error, and 1 for one that nobody foresaw', () => {
    const codes = [new TsunicornError('USAGE', ''), new TsunicornError('APP_LOAD', ''), new Error('x'), 'text'].map(
      exitCodeOf,
    );
    expect(codes).to.deep.equal([2, 3, 1, 1]);
  });
});
