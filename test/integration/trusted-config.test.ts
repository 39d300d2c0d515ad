import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { isRoot, itAsRoot, openTo, SOMEBODY } from '../support/as-root.ts';
import { identityApp as app, identityOf, runAs } from '../support/identity.ts';
import { scratch } from '../support/scratch.ts';
import { runServer, type Server, startServer } from '../support/server.ts';

const { name: user, uid } = SOMEBODY;
const as = (...names: string[]) => ['-u', names[0] ?? user, ...(names[1] === undefined ? [] : ['-g', names[1]])];

describe('the trust of root', () => {
  const files = scratch();
  const content = JSON.stringify({ app, bind: '127.0.0.1:0' });
  const make = (
    name: string,
    { mode = 0o644, owner = 0, directoryMode = 0o755, directoryOwner = 0, group = 0 } = {},
  ) => {
    const directory = files.path(name);
    mkdirSync(directory);
    openTo(files.path());
    const path = join(directory, 'tsunicorn.conf.json');
    writeFileSync(path, content);
    chownSync(path, owner, group);
    chmodSync(path, mode);
    chownSync(directory, directoryOwner, group);
    chmodSync(directory, directoryMode);
    return path;
  };
  const start = (path: string, ...flags: string[]) =>
    runServer({ flags: ['--config', path, '--check-config', ...flags] });

  itAsRoot('S1: a config file that others can change is not used, and the sentence says how to mend it', async () => {
    const cases: readonly (readonly [string, string, RegExp])[] = [
      ['everybody', make('everybody', { mode: 0o646 }), /\.json can be written by everybody/],
      ['group', make('group', { mode: 0o664, group: 1 }), /\.json can be written by the group with gid 1/],
      ['owner', make('owner', { owner: uid }), /\.json belongs to the user with uid 65534/],
      ['directory', make('directory', { directoryMode: 0o777 }), /\/directory can be written by everybody/],
      [
        'directoryOwner',
        make('directoryOwner', { directoryOwner: uid }),
        /\/directoryOwner belongs to the user with uid/,
      ],
    ];
    const check = async ([name, path, reason]: (typeof cases)[number]) => {
      const { code, stderr } = await start(path);
      expect(code, name).to.equal(1);
      expect(stderr)
        .to.match(reason)
        .and.to.match(/To mend it: chown root:root \S+; chmod go-w \S+\. .*--trust-config/);
      const [, repair = ''] = /To mend it: (.*?)\. Or/.exec(stderr) ?? [];
      expect(spawnSync('sh', ['-ec', repair]).status, repair).to.equal(0);
      expect(await start(path), `${name}, mended`).to.include({ code: 0 });
    };
    await Promise.all(cases.map(check));
  });

  itAsRoot('S1: group 0, a sticky directory of root, and files of root are fine', async () => {
    const paths = [
      make('root'),
      make('wheel', { mode: 0o664, directoryMode: 0o775 }),
      make('sticky', { directoryMode: 0o1777 }),
    ];
    const results = await Promise.all(paths.map((path) => start(path)));
    for (const { code, stderr } of results) expect(code, stderr).to.equal(0);
  });

  itAsRoot('S1: --trust-config uses it and warns; the file can not say it of itself', async () => {
    const path = make('bind-mount', { owner: uid, directoryOwner: uid });
    const server = await startServer({ cwd: '/', flags: ['--config', path, '--trust-config'] });
    const warning = server.log.find(({ event }) => event === 'config.untrusted');
    expect(warning).to.include({ level: 'warn' });
    expect(warning?.reason).to.match(/belongs to the user with uid 65534/);
    await server.stop();
    writeFileSync(path, JSON.stringify({ app, trustConfig: true }));
    expect((await start(path)).stderr).to.match(/is not used as root/);
    expect((await start(path, '--trust-config')).stderr).to.match(/Unknown setting "trustConfig"/);
  });

  itAsRoot('S1: a reload looks again, and the old configuration serves on', async () => {
    const path = make('reload');
    const server = await startServer({ cwd: '/', flags: ['--config', path] });
    chmodSync(path, 0o666);
    server.signal('SIGHUP');
    const { faults = [] } = await server.event('reload.failed');
    expect(faults.join(' ')).to.match(/can be written by everybody/);
    expect((await identityOf(server)).uid).to.equal(0);
    await server.stop({ expectErrors: ['reload.failed'] });
  });

  itAsRoot(
    'S1: an application that others can change is warned about while workers are root, and not otherwise',
    async () => {
      const directory = files.path('app');
      mkdirSync(directory);
      openTo(files.path());
      copyFileSync(app, join(directory, 'app.mjs'));
      chmodSync(directory, 0o777);
      const options = { cwd: '/', app: join(directory, 'app.mjs') };
      const [root, dropped] = await Promise.all([startServer(options), startServer({ ...options, flags: as() })]);
      const warned = (server: Server) => server.log.filter(({ event }) => event === 'app.untrusted');
      expect(warned(root)).to.have.length(1);
      expect(warned(root)[0]?.reason).to.match(/\/app can be written by everybody/);
      expect(warned(dropped)).to.have.length(0);
      await Promise.all([root.stop(), dropped.stop()]);
    },
  );

  it('S1: who is not root uses his own file, whoever can write to it', async () => {
    const path = files.path('tsunicorn.conf.json');
    openTo(files.path());
    writeFileSync(path, content);
    chmodSync(path, 0o666);
    const { status, stderr } = runAs(isRoot ? uid : null, { cwd: '/', flags: ['--config', path, '--check-config'] });
    expect(status, stderr).to.equal(0);
  });
});
