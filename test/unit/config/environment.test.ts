import { expect } from 'chai';
import { commandArguments, environmentLayer } from '../../../src/config/environment.ts';
import { TsunicornError } from '../../../src/errors.ts';

describe('environmentLayer', () => {
  const cases: readonly [env: Record<string, string>, values: Record<string, unknown>][] = [
    [{}, {}],
    [{ WEB_CONCURRENCY: '4' }, { workers: 4 }],
    [{ WEB_CONCURRENCY: ' 4 ' }, { workers: 4 }],
    [{ WEB_CONCURRENCY: 'auto' }, { workers: 'auto' }],
    [{ WEB_CONCURRENCY: '' }, {}],
    [{ WEB_CONCURRENCY: 'four' }, { workers: 'four' }],
    [{ PORT: '8080' }, { bind: '0.0.0.0:8080' }],
    [{ PORT: '$&' }, { bind: '0.0.0.0:$&' }],
    [{ PORT: '' }, {}],
  ];
  for (const [env, values] of cases) {
    it(`reads ${JSON.stringify(env)}`, () => {
      const layer = environmentLayer(env);
      expect(Object.fromEntries([...layer].map(([name, { value }]) => [name, value]))).to.deep.equal(values);
    });
  }

  it('names the variable as the source', () => {
    expect(environmentLayer({ PORT: '1' }).get('bind')?.source).to.equal('environment PORT');
  });
});

describe('commandArguments', () => {
  it('reads flags with quotes, the target and --config', () => {
    const { layer, configPath } = commandArguments({ TSUNICORN_CMD_ARGS: `-n 'my shop' -c "a b.ts" app.ts` });
    expect(layer.get('procName')).to.deep.equal({
      value: 'my shop',
      source: 'environment TSUNICORN_CMD_ARGS --proc-name',
    });
    expect(layer.get('app')?.value).to.equal('app.ts');
    expect(configPath).to.equal('a b.ts');
  });

  it('is empty without the variable', () => {
    expect(commandArguments({})).to.deep.equal({ layer: new Map(), configPath: null, trustsConfig: false });
  });

  for (const [text, fault] of [
    ["--name 'x", /quote/],
    ['--workers x', /--workers expects/],
    ['--help', /Only settings/],
    ['--check-config', /Only settings/],
  ] as const) {
    it(`refuses ${text} as wrong usage`, () => {
      expect(() => commandArguments({ TSUNICORN_CMD_ARGS: text }))
        .to.throw(TsunicornError)
        .that.satisfies(
          (error: TsunicornError) => error.code === 'USAGE' && error.faults.some((sentence) => fault.test(sentence)),
        );
    });
  }
});
