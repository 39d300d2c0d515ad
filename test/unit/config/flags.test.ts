import { expect } from 'chai';
import { flaggedSettings, flagName, flagSpecs } from '../../../src/config/flag-table.ts';
import { flagSchema, flagShape, membersOf, textToValue } from '../../../src/config/flag-text.ts';
import { parseFlags } from '../../../src/config/flags.ts';
import type { Schema } from '../../../src/config/setting.ts';
import { findSetting } from '../../../src/config/settings/index.ts';
import fc from '../../support/random.ts';

const label = (flag: string) => flag;

function valuesOf(...tokens: string[]): Record<string, unknown> {
  const { layer, faults } = parseFlags(tokens, label);
  expect(faults).to.deep.equal([]);
  return Object.fromEntries([...layer].map(([name, { value }]) => [name, value]));
}

describe('flagName', () => {
  it('is the name in kebab-case', () => {
    expect(flaggedSettings.map(flagName)).to.include.members(['--bind', '--max-requests-jitter', '--keep-alive']);
  });
});

describe('flagSpecs', () => {
  it('keeps the letters of Gunicorn', () => {
    const letters = [...flagSpecs.values()].flatMap(({ short, flag }) => (short === undefined ? [] : [[short, flag]]));
    expect(Object.fromEntries(letters)).to.deep.equal({
      ...{ '-b': '--bind', '-w': '--workers', '-t': '--timeout', '-p': '--pid-file', '-n': '--proc-name' },
      ...{ '-u': '--user', '-g': '--group', '-m': '--umask', '-D': '--daemon' },
      ...{ '-e': '--env', '-c': '--config', '-h': '--help', '-v': '--version' },
    });
  });
});

describe('textToValue', () => {
  const cases: readonly [name: string, text: string, value: unknown][] = [
    ['workers', '4', 4],
    ['workers', '4.5', undefined],
    ['workers', '0x10', undefined],
    ['workers', '', undefined],
    ['workers', 'auto', 'auto'],
    ['workers', 'Auto', undefined],
    ['timeout', '0.5', 0.5],
    ['timeout', '.5', 0.5],
    ['timeout', '1e3', undefined],
    ['timeout', 'Infinity', undefined],
    ['reload', 'true', true],
    ['reload', 'yes', undefined],
    ['socketMode', '660', '660'],
    ['socketMode', '488', undefined],
    ['bind', '8000', '8000'],
    ['logLevel', 'warn', 'warn'],
    ['logLevel', 'loud', undefined],
    ['pidFile', 'null', 'null'],
  ];
  for (const [name, text, value] of cases) {
    it(`reads "${text}" for ${name}`, () => {
      const setting = findSetting(name);
      expect(setting && textToValue(setting, text)).to.equal(value);
    });
  }
});

describe('parseFlags', () => {
  const cases: readonly [tokens: string[], values: Record<string, unknown>][] = [
    [[], {}],
    [['./app.ts'], { app: './app.ts' }],
    [['-w', '4', './app.ts'], { workers: 4, app: './app.ts' }],
    [['-w4'], { workers: 4 }],
    [['-w=4'], { workers: 4 }],
    [['--workers=4'], { workers: 4 }],
    [['--workers', 'auto'], { workers: 'auto' }],
    [['-wauto'], { workers: 'auto' }],
    [['--workers', '4', '--workers', '5'], { workers: 5 }],
    [['-b', 'a:1', '--bind=b:2'], { bind: ['a:1', 'b:2'] }],
    [['-e', 'A=1', '-e', 'B=x=y', '--env', 'A=2', '-eC='], { env: { A: '2', B: 'x=y', C: '' } }],
    [['--reload'], { reload: true }],
    [['--reload', '--no-reload'], { reload: false }],
    [['--access-log', '-'], { accessLog: '-' }],
    [['--access-log=-'], { accessLog: '-' }],
    [['--socket-mode', '0600'], { socketMode: '0600' }],
    [['--proc-name=--odd'], { procName: '--odd' }],
    [['--access-log-format=%(h)s = %(s)s'], { accessLogFormat: '%(h)s = %(s)s' }],
    [['--', '-app.ts'], { app: '-app.ts' }],
  ];
  for (const [tokens, values] of cases) {
    it(`reads ${JSON.stringify(tokens)}`, () => expect(valuesOf(...tokens)).to.deep.equal(values));
  }

  it('labels each value with its long flag, and the target', () => {
    const { layer } = parseFlags(['-w', '4', 'app.ts'], (flag) => `from ${flag}`);
    expect([...layer.values()].map(({ source }) => source)).to.have.members(['from --workers', 'from TARGET']);
  });

  it('keeps apart what is no setting', () => {
    const { configPath, commands } = parseFlags(['-c', 'x.ts', '--print-config', '-h'], label);
    expect({ configPath, commands }).to.deep.equal({ configPath: 'x.ts', commands: ['printConfig', 'help'] });
  });

  const faulty: readonly [tokens: string[], faults: readonly (string | RegExp)[]][] = [
    [['-w', 'four'], ['--workers expects a whole number from 1 to 1000 or "auto", but got "four".']],
    [['--workers', '0'], ['--workers expects a whole number from 1 to 1000 or "auto", but got "0".']],
    [['--workers'], ['--workers expects a whole number from 1 to 1000 or "auto", but nothing follows it.']],
    [['--workers', '--reload'], ['--workers expects a whole number from 1 to 1000 or "auto", but nothing follows it.']],
    [
      ['-w', 'atuo'],
      ['--workers expects a whole number from 1 to 1000 or "auto", but got "atuo". Did you mean "auto"?'],
    ],
    [['--timeout', '-1'], ['--timeout expects a number of seconds from 0 to 86400, but got "-1".']],
    [['--socket-mode', '999'], [/^--socket-mode expects octal digits .* but got "999"\.$/]],
    [['--env', 'A'], ['--env expects NAME=VALUE, but got "A".']],
    [['--env', '=A'], ['--env expects NAME=VALUE, but got "=A".']],
    [['--bind='], ['--bind expects a non-empty string, but got "".']],
    [['--log-level', 'warning'], [/but got "warning"\. Did you mean "warn"\?$/]],
    [['--reload=yes'], [/^--reload takes no value, but got "yes"\. .*--no-reload turns it off\.$/]],
    [['--help=x'], [/^--help takes no value/]],
    [['--config='], ['--config expects the path of a config file, but got an empty one.']],
    [['--max_requests', '3'], ['Unknown flag --max_requests: did you mean --max-requests?']],
    [['--maxRequests=3'], ['Unknown flag --maxRequests: did you mean --max-requests?']],
    [['-workers', '3'], ['Unknown flag -workers: did you mean --workers?']],
    [['-workers=3'], ['Unknown flag -workers=3: did you mean --workers?']],
    [['--wrokers=3'], ['Unknown flag --wrokers: did you mean --workers?']],
    [['--frobnicate'], ['Unknown flag --frobnicate: tsunicorn --help lists those there are.']],
    [['-x'], ['Unknown flag -x: tsunicorn --help lists those there are.']],
    [['--worker-class', 'gthread', 'app.ts'], [/^Unknown flag --worker-class: .*left out on purpose/]],
    [['--syslog=yes'], [/not in this release/]],
    [['--app', 'x'], [/give the application without a flag/]],
    [['a.ts', 'b.ts'], ['Only one TARGET can be served, but "a.ts", "b.ts" are given. Remove all but one.']],
    [
      ['-w', 'x', '-t', 'y'],
      [/--workers/, /--timeout/],
    ],
  ];
  for (const [tokens, expected] of faulty) {
    it(`tells what is wrong with ${JSON.stringify(tokens)}`, () => {
      const { faults } = parseFlags(tokens, label);
      expect(faults).to.have.lengthOf(expected.length);
      for (const [index, wanted] of expected.entries()) {
        if (typeof wanted === 'string') expect(faults[index]).to.equal(wanted);
        else expect(faults[index]).to.match(wanted);
      }
    });
  }

  it('reads back every value that a flag can carry', () => {
    const single = flaggedSettings.filter((setting) => flagShape(setting) === 'single');
    const pair = fc.constantFrom(...single).chain((setting) => textsFor(setting).map((text) => ({ setting, text })));
    fc.assert(
      fc.property(pair, ({ setting, text }) => {
        const written = valuesOf(`${flagName(setting)}=${text}`);
        expect(written).to.deep.equal({ [setting.name]: textToValue(setting, text) });
      }),
    );
  });
});

function textsFor(setting: (typeof flaggedSettings)[number]): fc.Arbitrary<string> {
  return fc.oneof(...membersOf(flagSchema(setting)).map(textsOf));
}

function textsOf(schema: Schema): fc.Arbitrary<string> {
  if ('anyOf' in schema) throw new Error('a flag has no unions within a union');
  if (schema.type === 'integer' || schema.type === 'number') {
    return fc.integer({ min: Math.max(1, schema.minimum ?? 1), max: schema.maximum ?? 9 }).map(String);
  }
  if (schema.type !== 'string') throw new Error(schema.type);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  return schema.pattern === undefined
    ? fc.string({ minLength: 1 })
    : fc.integer({ min: 0, max: 0o777 }).map((mode) => `0o${mode.toString(8).padStart(3, '0')}`);
}
