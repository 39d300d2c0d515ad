import { join } from 'node:path';
import { expect } from 'chai';
import { emptyLayer, sourceOf } from '../../src/config/layer.ts';
import { type LoadRequest, loadConfig, loadHooks } from '../../src/config/load.ts';
import { useScratch } from '../unit/config/scratch.ts';
import { thrownBy } from '../unit/config/thrown.ts';

const flag = (name: string, value: unknown) => new Map([[name, { value, source: sourceOf.flag(`--${name}`) }]]);
const app = flag('app', './app.ts');

describe('loadConfig', () => {
  const scratch = useScratch();
  const load = (request: Partial<LoadRequest> = {}) =>
    loadConfig({ flags: emptyLayer, configPath: null, cwd: scratch.path, env: {}, ...request });

  it('needs no file', async () => {
    const { config, hooks, sources, file } = await load({ flags: app });
    expect(config).to.deep.include({ app: './app.ts', workers: 1, bind: ['127.0.0.1:8000'], keepAlive: 75 });
    expect({ hooks, file }).to.deep.equal({ hooks: {}, file: null });
    expect(sources).to.include({ app: 'flag --app', workers: 'default' });
  });

  it('puts defaults < file < environment < TSUNICORN_CMD_ARGS < flags, and knows where each value came from', async () => {
    const path = join(scratch.path, 'tsunicorn.conf.json');
    const steps: readonly [add: () => Partial<LoadRequest>, workers: number, source: string][] = [
      [() => ({ flags: app }), 1, 'default'],
      [
        () => {
          scratch.write({ 'tsunicorn.conf.json': '{ "workers": 2 }' });
          return {};
        },
        2,
        `file ${path}`,
      ],
      [() => ({ env: { WEB_CONCURRENCY: '3' } }), 3, 'environment WEB_CONCURRENCY'],
      [
        () => ({ env: { WEB_CONCURRENCY: '3', TSUNICORN_CMD_ARGS: '-w 4' } }),
        4,
        'environment TSUNICORN_CMD_ARGS --workers',
      ],
      [() => ({ flags: new Map([...app, ...flag('workers', 5)]) }), 5, 'flag --workers'],
    ];
    let request: Partial<LoadRequest> = {};
    for (const [add, workers, source] of steps) {
      request = { ...request, ...add() };
      const loaded = await load(request);
      expect({ workers: loaded.config.workers, source: loaded.sources.workers }).to.deep.equal({ workers, source });
    }
  });

  it('puts passed sockets in place of bind, wherever that was set, and knows what is not used', async () => {
    const passedSockets = ['fd://3', 'fd://4'];
    const { config, sources, unusedBind } = await load({ flags: app, passedSockets });
    const seen = { bind: config.bind, source: sources.bind };
    expect(seen).to.deep.equal({ bind: passedSockets, source: 'systemd (LISTEN_FDS)' });
    expect(unusedBind).to.equal(null);
    const flags = new Map([...app, ...flag('bind', 'unix:/run/app.sock')]);
    const other = await load({ flags, env: { PORT: '9000' }, passedSockets });
    expect(other.config.bind).to.deep.equal(passedSockets);
    expect(other.unusedBind).to.deep.equal({ bind: ['unix:/run/app.sock'], source: 'flag --bind' });
    expect((await load({ flags })).unusedBind).to.equal(null);
  });

  it('binds to every address on PORT', async () => {
    const { config, sources } = await load({ flags: app, env: { PORT: '9000' } });
    expect({ bind: config.bind, source: sources.bind }).to.deep.equal({
      bind: ['0.0.0.0:9000'],
      source: 'environment PORT',
    });
  });

  it('takes --config from TSUNICORN_CMD_ARGS, but rather from the command line', async () => {
    scratch.write({ 'one.json': '{ "workers": 1 }', 'two.json': '{ "workers": 2 }' });
    const env = { TSUNICORN_CMD_ARGS: '--config two.json app.ts' };
    expect((await load({ env })).file?.path).to.equal(join(scratch.path, 'two.json'));
    expect((await load({ env, configPath: 'one.json' })).file?.path).to.equal(join(scratch.path, 'one.json'));
  });

  it('hands back the hooks and the text they came from', async () => {
    const source = `export default { app: 'a.ts', onExit(server) { return server.pid; } };`;
    scratch.write({ 'tsunicorn.conf.ts': source });
    const { hooks, file } = await load();
    expect(hooks.onExit).to.be.a('function');
    expect(file).to.deep.equal({ path: join(scratch.path, 'tsunicorn.conf.ts'), source });
  });

  it('sees an edit of the file and of what it imports', async () => {
    scratch.write({ 'tsunicorn.conf.ts': `import { n } from './n.mjs'; export default { app: 'a', workers: n };` });
    for (const workers of [2, 3]) {
      scratch.write({ 'n.mjs': `export const n = ${workers};` });
      expect((await load()).config.workers).to.equal(workers);
    }
  });

  it('tells every fault at once: names, hooks, values of every layer and rules', async () => {
    scratch.write({
      'tsunicorn.conf.ts': `export default { max_requests: 1, workers: 'four', timeout: -1, preFork: 3, maxRequestsJitter: 2 };`,
    });
    const error = await thrownBy(() => load({ env: { WEB_CONCURRENCY: 'x' } }));
    expect(error.code).to.equal('CONFIG_INVALID');
    expect(error.message).to.equal('The configuration has 7 faults:');
    const wanted = [
      /max_requests/,
      /preFork/,
      /"four"/,
      /WEB_CONCURRENCY gives "x"/,
      /timeout/,
      /No application/,
      /Jitter/,
    ];
    for (const [index, pattern] of wanted.entries()) expect(error.faults[index]).to.match(pattern);
  });

  it('never shows a secret in a fault', async () => {
    scratch.write({ 'tsunicorn.conf.json': '{ "app": "a", "env": { "API_KEY": 12345 } }' });
    const error = await thrownBy(() => load());
    expect(error.faults.join()).to.include('API_KEY').and.not.include('12345');
  });

  it('refuses an unknown key in JSON that every object has', async () => {
    scratch.write({ 'tsunicorn.conf.json': '{ "app": "a", "__proto__": { "workers": 3 } }' });
    expect((await thrownBy(() => load())).faults).to.have.lengthOf(1);
  });
});

describe('loadHooks', () => {
  const scratch = useScratch();

  it('evaluates the text it is given, not the file', async () => {
    scratch.write({ 'c.ts': 'throw new Error("edited since");' });
    const source = 'export default { onExit: () => 7 };';
    const { onExit } = await loadHooks({ path: join(scratch.path, 'c.ts'), source });
    expect(onExit).to.be.a('function');
  });

  it('finds none in a file that can hold none', async () => {
    expect(await loadHooks({ path: join(scratch.path, 'c.json'), source: '{ "workers": 2 }' })).to.deep.equal({});
  });

  it('throws what loadConfig throws', async () => {
    const path = join(scratch.path, 'c.ts');
    expect((await thrownBy(() => loadHooks({ path, source: 'null.x' }))).code).to.equal('CONFIG_UNREADABLE');
    const source = 'export default { onExit: 3 }';
    expect((await thrownBy(() => loadHooks({ path, source }))).code).to.equal('CONFIG_INVALID');
  });
});
