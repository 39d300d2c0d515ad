import { expect } from 'chai';
import { helpText } from '../../../src/cli/help.ts';
import { flagSpecs } from '../../../src/config/flag-table.ts';
import { errorCodes } from '../../../src/errors.ts';

describe('helpText', () => {
  const text = helpText();

  it('fits 100 columns and ends in one line break', () => {
    expect(text.split('\n').filter((line) => line.length > 100 || /\s$/.test(line))).to.deep.equal([]);
    expect(text).to.match(/[^\n]\n$/);
  });

  it('names every flag', () => {
    expect([...flagSpecs.keys()].filter((flag) => !text.includes(flag))).to.deep.equal([]);
  });

  it('names every exit code', () => {
    for (const code of [0, ...Object.values(errorCodes).map(({ exitCode }) => exitCode)]) {
      expect(text).to.match(new RegExp(`^  ${code}  `, 'm'));
    }
  });

  it('tells defaults with units, and environment variables', () => {
    expect(text).to.include('[default: 30 s]').and.include('environment: PORT (as 0.0.0.0:$PORT)').and.include('0o660');
  });
});
