import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { isRoot, itAsRoot, openTo, SOMEBODY, SOMEBODY_ELSE } from '../support/as-root.ts';
import { fetchText } from '../support/client.ts';
import { identityApp as app, type Identity, identityOf, refusalOf, runAs, statusOf } from '../support/identity.ts';
import { pendingWithoutPython, pythonForTests } from '../support/python.ts';
import { reload } from '../support/reload.ts';
import { scratch } from '../support/scratch.ts';
import { fixture, type Server, type ServerOptions, startServer } from '../support/server.ts';
import { fetchTls } from '../support/tls-client.ts';

const { name: user, uid, gid } = SOMEBODY;
/** A directory that everybody may enter: the harness makes its own for root alone. */
const anywhere = { app, cwd: '/' };
const as = (...names: string[]) => ['-u', names[0] ?? user, ...(names[1] === undefined ? [] : ['-g', names[1]])];

/** That of the tests may lie where only root may look. */
function pythonFor({ uid, gid }: { uid: number; gid: number }): string {
  const places = [pythonForTests().python, '/usr/bin/python3', '/usr/local/bin/python3'];
  const found = places.find((python) => spawnSync(python, ['-c', ''], { uid, gid, cwd: '/' }).status === 0);
  if (found === undefined) throw new Error(`uid ${uid} may run none of ${places.join(', ')}`);
  return found;
}

describe('user and group', () => {
  const files = scratch();

  itAsRoot(
    'S3: a worker is that user in all its threads, with its groups and no capability, and the master is root',
    async () => {
      const server = await startServer({ ...anywhere, flags: ['-w', '2', ...as()] });
      const identity = await identityOf(server);
      expect(identity).to.deep.include({ uid, gid, groups: [gid], loadedAs: { uid, umask: 0o027 } });
      for (const pid of server.workers()) {
        for (const thread of readdirSync(`/proc/${pid}/task`)) {
          const status = statusOf(Number(thread));
          const all = (id: number) => `${id} ${id} ${id} ${id}`;
          expect(status, thread).to.include({ Uid: all(uid), Gid: all(gid), Groups: `${gid}` });
          for (const name of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) expect(status[name], name).to.match(/^0+$/);
        }
      }
      expect(statusOf(server.pid).Uid).to.equal('0 0 0 0');
      await server.stop();
    },
  );

  itAsRoot(
    'S3: what root may, a worker may not: come back, read, write beside the pid file, signal the master',
    async () => {
      const secret = files.path('secret');
      const pidFile = files.path('server.pid');
      writeFileSync(secret, 'root', { mode: 0o600 });
      openTo(files.path());
      const server = await startServer({ ...anywhere, flags: [...as(), '-p', pidFile] });
      const { tried } = await identityOf(server, {
        return: '1',
        read: secret,
        write: pidFile,
        make: files.path('new'),
        signal: String(server.pid),
      });
      expect(tried).to.deep.equal({
        ...{ setuid: 'EPERM', seteuid: 'EPERM', setgid: 'EPERM', setgroups: 'EPERM' },
        ...{ read: 'EACCES', write: 'EACCES', make: 'EACCES', signal: 'EPERM' },
      });
      expect(readFileSync(pidFile, 'utf8')).to.equal(`${server.pid}\n`);
      await server.stop();
    },
  );

  itAsRoot('S3: names, numbers, a group of its own, and a number without an account mean whom they say', async () => {
    const expected: readonly (readonly [string[], Partial<Identity>])[] = [
      [as('1'), { uid: 1, gid: 1 }],
      [as(SOMEBODY_ELSE.name, 'nogroup'), { uid: 1, gid: 65_534 }],
      [as('nobody', '4321'), { uid, gid: 4321, groups: [4321] }],
      [as('54321', '4321'), { uid: 54_321, gid: 4321, groups: [4321] }],
      [['-g', 'daemon'], { uid: 0, gid: 1, groups: [1] }],
    ];
    const check = async ([flags, who]: (typeof expected)[number]) => {
      const server = await startServer({ ...anywhere, flags });
      expect(await identityOf(server), flags.join(' ')).to.deep.include(who);
      await server.stop();
    };
    await Promise.all(expected.map(check));
  });

  itAsRoot('S3: supplementary groups are those of the user, not those of the operator', async function () {
    this.timeout(20_000);
    const name = `tsunicorn-test-${process.pid}`;
    const run = (...command: string[]) => spawnSync(command[0] ?? '', command.slice(1), { encoding: 'utf8' });
    const made = run('useradd', '--no-create-home', '--groups', 'daemon,mail', '--shell', '/usr/sbin/nologin', name);
    expect(made.status, made.stderr).to.equal(0);
    try {
      const idsOf = (flag: string) => run('id', flag, '--', name).stdout.trim().split(' ').map(Number);
      const server = await startServer({ ...anywhere, flags: as(name) });
      const identity = await identityOf(server);
      expect([...identity.groups].sort())
        .to.deep.equal(idsOf('-G').sort())
        .and.to.have.length(3);
      expect(identity).to.include({ uid: idsOf('-u')[0], gid: idsOf('-g')[0] });
      expect(identity.env).to.include({ USER: name, LOGNAME: name, HOME: `/home/${name}` });
      await server.stop();
    } finally {
      run('userdel', name);
    }
  });

  itAsRoot('S3: a Python process is that user too, and so is the process that it is forked from', async function () {
    if (process.env.TSUNICORN_TEST_INTERFACE !== undefined) return;
    pendingWithoutPython(this);
    const config = {
      ...{ interface: 'wsgi', app: 'identity', user, umask: '077', processes: 2 },
      ...{ chdir: join(fixture('apps'), 'wsgi/identity'), python: pythonFor(SOMEBODY) },
    };
    const server = await startServer({ config, cwd: '/' });
    const facts = JSON.parse((await fetchText(server.url)).text);
    expect(facts).to.deep.include({ uids: [uid, uid, uid], gids: [gid, gid, gid], groups: [gid], back: 'EPERM' });
    expect(facts).to.include({ umask: 0o077, home: '/nonexistent' });
    expect(statusOf(facts.ppid).Uid, 'the zygote').to.equal(`${uid} ${uid} ${uid} ${uid}`);
    await server.stop();
  });

  itAsRoot('S4: io_uring is kept from the workers, which could not give up root with it', async () => {
    const server = await startServer({
      ...anywhere,
      env: { UV_USE_IO_URING: '1' },
      flags: [...as(), '-e', 'UV_USE_IO_URING=1'],
    });
    const identity = await identityOf(server);
    expect(identity.uid).to.equal(uid);
    expect(identity.env.UV_USE_IO_URING).to.equal(undefined);
    await server.stop();
  });

  itAsRoot(
    'S4: an unknown user or group, and a number without a group, are refused before anything is bound',
    async () => {
      const cases: readonly (readonly [string[], RegExp])[] = [
        [as('no-such-user'), /"user" is "no-such-user", and this machine has no such user\./],
        [
          as('-1', 'daemon')
            .map((word) => (word === '-u' ? '--user=-1' : word))
            .filter((word) => word !== '-1'),
          /"user" is "-1"/,
        ],
        [as('nobody', 'no-such-group'), /"group" is "no-such-group", and this machine has no such group\./],
        [as('54321'), /"user" is 54321, a number that no account has.* Set "group" too\./],
      ];
      const check = async ([flags, sentence]: (typeof cases)[number]) => {
        const path = files.path(`${flags.join('')}.sock`);
        const { code, why, events } = await refusalOf({ flags: [...flags, '-b', `unix:${path}`] });
        expect([code, events, existsSync(path)], why).to.deep.equal([1, [], false]);
        expect(why).to.match(sentence);
      };
      await Promise.all(cases.map(check));
    },
  );

  it('S4: who is not root can name nobody but himself', async () => {
    const flags = (...names: string[]) => [...as(...names), '--check-config'];
    const run = (...names: string[]) => runAs(isRoot ? uid : null, { ...anywhere, flags: flags(...names) });
    const self = isRoot ? user : String(process.geteuid?.());
    expect(run(self)).to.include({ status: 0 });
    for (const names of [['root'], ['daemon'], [self, 'daemon']]) {
      const { status, stderr } = run(...names);
      expect(status, stderr).to.equal(1);
      expect(stderr).to.match(/is not who starts the server \(uid \d+\), and only root can become somebody else/);
    }
  });

  itAsRoot('S4: a reload that changes them is refused, as a restart is needed', async () => {
    const config = (more: object) => ({ app, user, ...more });
    const server = await startServer({ config: config({}), cwd: '/' });
    server.writeConfig(config({ user: SOMEBODY_ELSE.name }));
    const { faults = [] } = await reload(server, 'reload.failed');
    expect(faults.join(' ')).to.match(/"user".*restart/);
    expect((await identityOf(server)).uid).to.equal(uid);
    await server.stop({ expectErrors: ['reload.failed'] });
  });

  itAsRoot('S3: what that user may not read is told with the user, the place and what to do', async () => {
    const closed = files.path('closed');
    mkdirSync(closed, { mode: 0o700 });
    copyFileSync(app, join(closed, 'app.mjs'));
    openTo(files.path());
    const unreadable = files.path('unreadable.mjs');
    writeFileSync(unreadable, 'export default () => {};', { mode: 0o600 });
    const importing = files.path('importing.mjs');
    writeFileSync(importing, `import './unreadable.mjs'; export default () => {};`, { mode: 0o644 });
    const who = String.raw`user nobody \(uid 65534, gid 65534\)`;
    const cases: readonly (readonly [ServerOptions, RegExp])[] = [
      [
        { app: join(closed, 'app.mjs') },
        RegExp(`As ${who} a worker may not read the application: ${closed} is closed`),
      ],
      [{ app: unreadable }, RegExp(`As ${who} a worker may not read the application: ${unreadable} is closed`)],
      [{ app: 'app.mjs', flags: ['--chdir', closed] }, RegExp(`the directory of the application: ${closed} is closed`)],
      [{ app: importing }, RegExp(`unreadable\\.mjs[\\s\\S]*The worker runs as ${who}\\.`)],
    ];
    const check = async ([options, sentence]: (typeof cases)[number]) => {
      const { code, why } = await refusalOf({ ...options, flags: [...as(), ...(options.flags ?? [])] });
      expect(code, why).to.be.oneOf([1, 3]);
      expect(why).to.match(sentence);
    };
    await Promise.all(cases.map(check));
  });

  itAsRoot('S3: the home of the user is its own, unless env says another', async () => {
    const server = await startServer({
      ...anywhere,
      env: { HOME: '/root', USER: 'root' },
      flags: [...as('daemon'), '-e', 'USER=shop'],
    });
    expect((await identityOf(server)).env).to.deep.include({ HOME: '/usr/sbin', USER: 'shop', LOGNAME: 'daemon' });
    await server.stop();
  });

  itAsRoot('S3: a key that only root may read is served by workers that are not root', async () => {
    const keyFile = files.path('server.key');
    copyFileSync(fixture('tls/server.key'), keyFile);
    chmodSync(keyFile, 0o600);
    openTo(files.path());
    const certFile = fixture('tls/server.pem');
    const server = await startServer({ cwd: '/', config: { app, user, keyFile, certFile } });
    const { body } = await fetchTls({ port: server.port }, `/?read=${keyFile}`);
    expect(JSON.parse(body)).to.deep.include({ uid, tried: { read: 'EACCES' } });
    await server.stop();
  });

  itAsRoot(
    'S3: root workers are warned about once, with the two settings, and serve; user: root is taken at its word',
    async () => {
      const warnings = (server: Server) => server.log.filter(({ event }) => event === 'privileges.root');
      const server = await startServer({ ...anywhere, flags: ['-w', '2'] });
      expect(warnings(server)).to.have.length(1);
      expect(warnings(server)[0]?.advice).to.match(/"user".*"group"/);
      expect((await identityOf(server)).uid).to.equal(0);
      await server.stop();
      const knowing = await startServer({ ...anywhere, flags: as('root') });
      expect(warnings(knowing)).to.have.length(0);
      expect((await identityOf(knowing)).uid).to.equal(0);
      await knowing.stop();
    },
  );
});

describe('umask', () => {
  const files = scratch();

  it('S3: is set before the application is loaded, 027 if nothing else is said, and anew by a reload', async () => {
    const path = (name: string) => files.path(name);
    const server = await startServer({ config: { app } });
    const modeOf = async (name: string) => {
      const { loadedAs } = await identityOf(server, { make: path(name) });
      return [loadedAs.umask, statSync(path(name)).mode & 0o777];
    };
    expect(await modeOf('one')).to.deep.equal([0o027, 0o640]);
    server.writeConfig({ app, umask: '0o077' });
    await reload(server);
    expect(await modeOf('two')).to.deep.equal([0o077, 0o600]);
    await server.stop();
  });
});
