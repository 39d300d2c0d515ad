import { expect } from 'chai';
import { printConfig } from '../../../src/cli/print-config.ts';
import { mapSettings, settingNames } from '../../../src/config/settings/index.ts';
import { sampleConfig } from '../config/sample-config.ts';

describe('printConfig', () => {
  const sources = mapSettings((setting) => (setting.name === 'workers' ? 'flag --workers' : 'default'));
  const config = { ...sampleConfig(), workers: 4, env: { API_KEY: 'hunter2', LANG: 'C' } };
  const text = printConfig({
    config,
    hooks: { onExit: () => {} },
    sources,
    file: { path: '/srv/c.ts', source: '' },
    doubt: null,
  });

  it('has a line for each setting, aligned, with its value and source', () => {
    const lines = text.split('\n');
    expect(lines[0]).to.equal('# config file: /srv/c.ts');
    expect(lines.slice(1, 1 + settingNames.length).map((line) => line.split(' ')[0])).to.deep.equal([...settingNames]);
    expect(text)
      .to.match(/^workers {16}4 +# flag --workers$/m)
      .and.match(/^socketMode {13}0o660 +# default$/m);
  });

  it('shows no secret', () => expect(text).to.include('"LANG":"C"').and.not.include('hunter2'));
  it('names the hooks', () => expect(text).to.match(/^hooks +onExit$/m));

  it('says that there is no file', () => {
    expect(printConfig({ config, hooks: {}, sources, file: null, doubt: null }))
      .to.match(/^# config file: none\n/)
      .and.not.match(/hooks/);
  });
});
