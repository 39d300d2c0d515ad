import {
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { itAsRoot, openTo, SOMEBODY } from '../support/as-root.ts';
import { fetchText } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { identityApp as app, identityOf, refusalOf } from '../support/identity.ts';
import { scratch } from '../support/scratch.ts';
import { startServer } from '../support/server.ts';

const { name: user, uid, gid } = SOMEBODY;
/** A directory that everybody may enter: the harness makes its own for root alone. */
const anywhere = { app, cwd: '/' };
const as = (...names: string[]) => ['-u', names[0] ?? user, ...(names[1] === undefined ? [] : ['-g', names[1]])];

describe('what a master gives to workers that are not root', () => {
  const files = scratch();

  itAsRoot('S3: a unix socket belongs to user and group, with socketMode', async () => {
    const path = files.path('app.sock');
    openTo(files.path());
    const server = await startServer({ ...anywhere, flags: [...as('nobody', 'daemon'), '-b', `unix:${path}`] });
    const { uid: owner, gid: group, mode } = statSync(path);
    expect([owner, group, mode & 0o7777]).to.deep.equal([uid, 1, 0o660]);
    expect((await identityOf(server)).uid).to.equal(uid);
    await server.stop();
  });

  itAsRoot('S3: log files in a directory of root are written by both, before and after USR1', async () => {
    const [errorLog, accessLog] = [files.path('error.log'), files.path('access.log')];
    openTo(files.path());
    const config = { app, user, errorLog, accessLog, logLevel: 'debug' };
    const server = await startServer({ config, cwd: '/', waitFor: null });
    const events = (path: string) =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    const ready = await eventually(() => events(errorLog).find(({ event }) => event === 'server.ready'), {
      timeoutMs: 15_000,
    });
    expect(ready.role).to.equal('master');
    const url = events(errorLog).find(({ event }) => event === 'server.listening').addresses[0];
    expect(
      events(errorLog).some(({ role }) => role === 'worker'),
      'a line of a worker',
    ).to.equal(true);
    const lines = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0);
    await fetchText(url);
    await eventually(() => lines(accessLog) === 1);
    for (const path of [errorLog, accessLog]) renameSync(path, `${path}.1`);
    server.signal('SIGUSR1');
    await eventually(
      () => existsSync(errorLog) && events(errorLog).filter(({ event }) => event === 'logs.reopened').length === 3,
    );
    await fetchText(url);
    await eventually(() => lines(accessLog) === 1 && lines(`${accessLog}.1`) === 1);
    for (const path of [errorLog, accessLog]) expect(statSync(path), path).to.include({ uid, gid });
    expect(statSync(errorLog).mode & 0o777).to.equal(0o640);
    await server.stop();
  });

  itAsRoot('S3: no file is given away through a link that somebody put in the place of a log', async () => {
    const directory = files.path('logs');
    const precious = files.path('precious');
    mkdirSync(directory);
    openTo(files.path());
    writeFileSync(precious, '', { mode: 0o600 });
    linkSync(precious, join(directory, 'hard.log'));
    symlinkSync(precious, join(directory, 'soft.log'));
    for (const name of ['hard.log', 'soft.log']) {
      const { code, why } = await refusalOf({ flags: [...as(), '--access-log', join(directory, name)] });
      expect(code, why).to.equal(1);
      expect(why).to.match(/Cannot open the log file \S+: this user may not write there/);
      expect(statSync(precious)).to.include({ uid: 0, gid: 0 });
    }
    chownSync(directory, uid, gid);
    const { code, why } = await refusalOf({ flags: [...as(), '--error-log', join(directory, 'soft.log')] });
    expect(code, why).to.equal(1);
    expect(why).to.match(/it is a symbolic link that others than root can put there/);
    expect(readFileSync(precious, 'utf8')).to.equal('');
  });
});
