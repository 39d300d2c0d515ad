import { expect } from 'chai';
import { readFileValues } from '../../../src/config/file-values.ts';

const read = (value: Record<string, unknown>) => readFileValues('/srv/tsunicorn.conf.ts', value);

describe('readFileValues', () => {
  it('sorts settings from hooks and labels the settings with the file', () => {
    const onExit = () => {};
    const { layer, hooks, faults } = read({ workers: 2, onExit });
    expect([...layer]).to.deep.equal([['workers', { value: 2, source: 'file /srv/tsunicorn.conf.ts' }]]);
    expect(hooks).to.deep.equal({ onExit });
    expect(faults).to.deep.equal([]);
  });

  it('takes an undefined entry as not there, and $schema as none of its business', () => {
    const { layer, faults } = read({ bind: undefined, onExit: undefined, frob: undefined, $schema: './x.json' });
    expect({ size: layer.size, faults }).to.deep.equal({ size: 0, faults: [] });
  });

  const cases: readonly [name: string, sentence: RegExp][] = [
    ['max_requests', /^Unknown setting "max_requests": did you mean "maxRequests"\?/],
    ['post_fork', /did you mean "postFork"\?/],
    ['keepalive', /did you mean "keepAlive"\?/],
    ['worksers', /did you mean "workers"\?/],
    ['raw_env', /"raw_env" is "env" here/],
    ['worker_class', /left out on purpose/],
    ['certfile', /did you mean "certFile"/],
    ['frobnicate', /^Unknown setting "frobnicate" in the file tsunicorn\.conf\.ts: remove it\./],
    ['constructor', /^Unknown setting "constructor"/],
  ];
  for (const [name, sentence] of cases) {
    it(`tells what ${name} should be`, () => {
      const { faults } = read({ [name]: () => 1 });
      expect(faults).to.have.lengthOf(1);
      expect(faults[0]).to.match(sentence);
    });
  }

  it('tells unknown names and broken hooks together', () => {
    expect(read({ a1b2c3: 1, preFork: 3 }).faults).to.have.lengthOf(2);
  });
});
