import { expect } from 'chai';
import { emptyLayer, sourceOf } from '../../../src/config/layer.ts';
import { merge } from '../../../src/config/merge.ts';
import { setting } from '../../../src/config/setting.ts';
import { findSetting } from '../../../src/config/settings/index.ts';
import { faultsOf, isComplete, resolveValid, validateLayers } from '../../../src/config/validate.ts';
import { usableCpus } from '../../../src/os/cpus.ts';

const source = sourceOf.file('/srv/tsunicorn.conf.ts');

function fault(name: string, value: unknown): readonly string[] {
  const setting = findSetting(name);
  if (setting === undefined) throw new Error(name);
  return faultsOf(setting, { value, source });
}

describe('faultsOf', () => {
  const cases: readonly [name: string, value: unknown, sentence: string][] = [
    [
      'workers',
      'four',
      '"workers" must be a whole number from 1 to 1000 or "auto", but the file tsunicorn.conf.ts gives "four" (a string). For example: workers: 4.',
    ],
    [
      'workers',
      '4',
      '"workers" must be a whole number from 1 to 1000 or "auto", but the file tsunicorn.conf.ts gives "4" (a string). Write 4 without quotes.',
    ],
    [
      'workers',
      0,
      '"workers" must be a whole number from 1 to 1000 or "auto", but the file tsunicorn.conf.ts gives 0 (a number). For example: workers: 4.',
    ],
    [
      'workers',
      'Auto',
      '"workers" must be a whole number from 1 to 1000 or "auto", but the file tsunicorn.conf.ts gives "Auto" (a string). Did you mean "auto"?',
    ],
    [
      'timeout',
      -1,
      '"timeout" must be a number of seconds from 0 to 86400, but the file tsunicorn.conf.ts gives -1 (a number). For example: timeout: 60.',
    ],
    [
      'logLevel',
      'warning',
      '"logLevel" must be "debug", "info", "warn" or "error", but the file tsunicorn.conf.ts gives "warning" (a string). Did you mean "warn"?',
    ],
    [
      'bind',
      ['a:1', 4],
      '"bind[1]" must be a non-empty string, but the file tsunicorn.conf.ts gives 4 (a number). Put it in quotes.',
    ],
    [
      'env',
      { LANG: 4 },
      '"env.LANG" must be a string, but the file tsunicorn.conf.ts gives 4 (a number). Put it in quotes.',
    ],
    [
      'reload',
      'true',
      '"reload" must be true or false, but the file tsunicorn.conf.ts gives "true" (a string). Write true without quotes.',
    ],
    [
      'pidFile',
      3,
      '"pidFile" must be a non-empty string or null, but the file tsunicorn.conf.ts gives 3 (a number). For example: pidFile: "/run/app/app.pid".',
    ],
    [
      'app',
      () => 1,
      '"app" must be a non-empty string, but the file tsunicorn.conf.ts gives a function. For example: app: "./app.ts:handler".',
    ],
  ];
  for (const [name, value, sentence] of cases) {
    it(`tells all about ${name} ${typeof value}`, () => expect(fault(name, value)).to.deep.equal([sentence]));
  }

  it('tells each wrong entry once', () => expect(fault('bind', [1, 'a:1', 2])).to.have.lengthOf(2));

  it('never shows an entry of env whose key looks secret', () => {
    const [sentence = ''] = fault('env', { API_KEY: ['hunter2'] });
    expect(sentence).to.include('"env.API_KEY"').and.not.include('hunter2');
  });

  it('never shows the value of a setting that is always secret', () => {
    const secret = setting({
      ...{ name: 'pin', section: 'Process', appliesOn: 'reload', schema: { type: 'integer' }, secret: 'always' },
      ...{ example: 1, summary: '', details: '' },
    });
    const [sentence = ''] = faultsOf(secret, { value: 'hunter2', source });
    expect(sentence).to.include('"pin"').and.not.include('hunter2');
  });

  it('says nothing about a value that fits', () => expect(fault('workers', 4)).to.deep.equal([]));
});

describe('validateLayers', () => {
  it('tells the faults of every layer, also of one that another layer hides', () => {
    const low = new Map([['workers', { value: 'x', source }]]);
    const high = new Map([['workers', { value: 2, source: sourceOf.flag('--workers') }]]);
    expect(validateLayers([low, high])).to.have.lengthOf(1);
  });
});

describe('resolveValid', () => {
  it('gives every setting one form', () => {
    const given = { app: 'a.ts', bind: 'x:1', socketMode: '0600' };
    const layer = new Map(Object.entries(given).map(([name, value]) => [name, { value, source }]));
    const config = resolveValid(merge([layer]));
    expect(config).to.include({ app: 'a.ts', socketMode: 0o600, workers: 1, chdir: null });
    expect(config.bind).to.deep.equal(['x:1']);
    expect(isComplete(config)).to.equal(true);
  });

  it('reads every way to write octal text alike', () => {
    for (const value of ['640', '0640', '0o640']) {
      expect(resolveValid(new Map([['socketMode', { value, source }]])).socketMode).to.equal(0o640);
    }
  });

  it('counts the workers of "auto"', () => {
    const { workers } = resolveValid(new Map([['workers', { value: 'auto', source }]]));
    expect(workers).to.equal(usableCpus());
  });

  it('leaves out what is missing or at fault', () => {
    const config = resolveValid(merge([new Map([['workers', { value: 'x', source }]])]));
    expect(config).to.not.have.any.keys('app', 'workers');
    expect(isComplete(resolveValid(merge([emptyLayer])))).to.equal(false);
  });
});
