import { tmpdir } from 'node:os';
import { expect } from 'chai';
import { loadConfig } from '../../../src/config/load.ts';
import { vetted } from '../../../src/master/vet.ts';
import { thrownBy } from '../config/thrown.ts';

const loadedWith = (values: Record<string, unknown>) => {
  const flags = new Map(Object.entries({ app: './app.ts', ...values }).map(([name, value]) => [name, flag(value)]));
  return loadConfig({ flags, configPath: null, cwd: tmpdir(), env: {} });
};
const flag = (value: unknown) => ({ value, source: 'flag' });

describe('vetted', () => {
  it('gives back what has no fault', async () => {
    const loaded = await loadedWith({});
    expect(vetted(loaded)).to.deep.equal({ ...loaded, tls: null, account: null });
  });

  it('tells the faults of all parts at once', async () => {
    const loaded = await loadedWith({ bind: ['nowhere'], forwardedAllowIps: '10.0.0.1/8', proxyAllowIps: ['proxy'] });
    const { code, faults } = await thrownBy(async () => vetted(loaded));
    expect(code).to.equal('CONFIG_INVALID');
    const [bind, forwarded, proxy] = faults;
    expect(bind).to.contain('"nowhere"');
    expect(forwarded).to.contain('In "forwardedAllowIps", "10.0.0.1/8"');
    expect(proxy).to.contain('In "proxyAllowIps", "proxy"');
  });
});
