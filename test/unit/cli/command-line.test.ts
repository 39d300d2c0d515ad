import { expect } from 'chai';
import { parseCommandLine } from '../../../src/cli/command-line.ts';
import { TsunicornError } from '../../../src/errors.ts';

describe('parseCommandLine', () => {
  const cases: readonly [argv: string[], command: string, configPath: string | null][] = [
    [[], 'serve', null],
    [['app.ts'], 'serve', null],
    [['-c', 'a.ts'], 'serve', 'a.ts'],
    [['--config=a.ts', '--check-config'], 'checkConfig', 'a.ts'],
    [['--print-config', '--check-config'], 'printConfig', null],
    [['-h'], 'help', null],
    [['--version', '--help'], 'help', null],
    [['-v'], 'version', null],
    [['--help', '--frobnicate'], 'help', null],
    [['--workers', 'x', '-v'], 'version', null],
  ];
  for (const [argv, command, configPath] of cases) {
    it(`takes ${JSON.stringify(argv)} as ${command}`, () => {
      expect(parseCommandLine(argv)).to.include({ command, configPath });
    });
  }

  it('labels the values with their flags', () => {
    expect([...parseCommandLine(['-w', '2', 'app.ts']).flags]).to.deep.equal([
      ['workers', { value: 2, source: 'flag --workers' }],
      ['app', { value: 'app.ts', source: 'argument TARGET' }],
    ]);
  });

  it('throws one mistake as the message', () => {
    expect(() => parseCommandLine(['--wrokers', '3']))
      .to.throw(TsunicornError, 'Unknown flag --wrokers: did you mean --workers?')
      .with.property('code', 'USAGE');
  });

  it('throws several mistakes together', () => {
    expect(() => parseCommandLine(['--workers=x', '--timeout=y']))
      .to.throw(TsunicornError, 'The command line has 2 mistakes:')
      .with.property('faults')
      .with.lengthOf(2);
  });
});
