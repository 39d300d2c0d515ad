import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { prepareCommand } from '../support/command.ts';
import { isAlive } from '../support/process-tree.ts';
import { scratch } from '../support/scratch.ts';
import { type RunResult, runServer, type Server, startServer } from '../support/server.ts';

const app = 'apps/hello.mjs';

/** In a config that the harness does not look into: what is left of the pid file is for these tests to judge. */
function serveWith(pidFile: string): Promise<Server> {
  return startServer({ app, config: `export default { pidFile: ${JSON.stringify(pidFile)} };` });
}

function expectRefused(result: RunResult, why: RegExp): void {
  expect(result.code).to.equal(1);
  expect(result.stderr.trimEnd().split('\n').at(-1)).to.match(why);
  expect(result.log.map(({ event }) => event))
    .to.include('server.starting')
    .and.not.to.include('worker.spawned');
}

describe('the pid file', () => {
  const files = scratch();

  it('holds the pid of the master while it runs, and is removed', async () => {
    const path = files.path('server.pid');
    const server = await startServer({ app, flags: ['--pid-file', path] });
    expect(readFileSync(path, 'utf8')).to.equal(`${server.pid}\n`);
    expect((lstatSync(path).mode & 0o777).toString(8)).to.equal('644');
    expect(readdirSync(files.path())).to.deep.equal(['server.pid']);
    await server.stop();
    expect(readdirSync(files.path())).to.deep.equal([]);
  });

  it('P1: of a server that runs stops the start of another, and nothing is touched', async () => {
    const path = files.path('server.pid');
    const server = await serveWith(path);
    const before = lstatSync(path);
    const result = await runServer({ app, flags: ['--pid-file', path] });
    expectRefused(
      result,
      /^tsunicorn: A server runs already: process \d+, as the pid file .* Stop it \(kill -TERM \d+\)/,
    );
    expect(result.stderr).to.include(`process ${server.pid},`);
    expect(result.log.map(({ event }) => event)).not.to.include('server.listening');
    expect(readFileSync(path, 'utf8')).to.equal(`${server.pid}\n`);
    expect(lstatSync(path)).to.include({ ino: before.ino, mtimeMs: before.mtimeMs });
    expect(readdirSync(files.path())).to.deep.equal(['server.pid']);
    expect((await fetchText(server.url)).status).to.equal(200);
    await server.stop();
    expect(existsSync(path)).to.equal(false);
  });

  it('P1: that names no running server is replaced: a dead process, a stranger, garbage, a negative number, nothing', async () => {
    const { pid: dead } = spawnSync(process.execPath, ['--version']);
    const stranger = 1;
    const contents = [`${dead}\n`, `${stranger}\n`, 'garbage', '-1', ''];
    const check = async (content: string, index: number) => {
      const path = files.path(`${index}.pid`);
      writeFileSync(path, content);
      const server = await serveWith(path);
      expect(readFileSync(path, 'utf8'), JSON.stringify(content)).to.equal(`${server.pid}\n`);
      await server.stop();
      expect(existsSync(path)).to.equal(false);
    };
    await Promise.all(contents.map(check));
  });

  it('P1: is refused where a directory or a symbolic link stands, or no directory is', async () => {
    const directory = files.path('directory.pid');
    const link = files.path('link.pid');
    const target = files.path('precious');
    mkdirSync(directory);
    writeFileSync(target, 'mine');
    symlinkSync(target, link);
    const noFile =
      /^tsunicorn: Cannot write the pid file \S+: something that is no regular file stands there\. Move it away/;
    const noDirectory =
      /^tsunicorn: Cannot write the pid file \S+: ENOENT.* Its directory must exist and be writable\. /;
    const run = (path: string) => runServer({ app, flags: ['--pid-file', path] });
    const results = await Promise.all([run(directory), run(link), run(files.path('gone/server.pid'))]);
    for (const [index, result] of results.entries()) expectRefused(result, index < 2 ? noFile : noDirectory);
    expect(readdirSync(files.path()).sort()).to.deep.equal(['directory.pid', 'link.pid', 'precious']);
    expect(readlinkSync(link)).to.equal(target);
    expect(readFileSync(target, 'utf8')).to.equal('mine');
  });

  it('P1: that was removed or taken over meanwhile is left alone, and that is told', async () => {
    const removed = files.path('removed.pid');
    const taken = files.path('taken.pid');
    const servers = await Promise.all([serveWith(removed), serveWith(taken)]);
    unlinkSync(removed);
    writeFileSync(taken, '4194303\n');
    for (const server of servers) await server.stop();
    for (const [index, path] of [removed, taken].entries()) {
      expect(servers[index]?.log.filter((line) => line.event === 'pidFile.lost' && line.path === path)).to.have.length(
        1,
      );
    }
    expect(existsSync(removed)).to.equal(false);
    expect(readFileSync(taken, 'utf8')).to.equal('4194303\n');
  });

  it('P1: whose number went to a program that only names us is replaced, and nobody is signalled', async () => {
    const path = files.path('server.pid');
    const editor = spawn('tail', ['-f', '/dev/null', '--', files.path('tsunicorn.conf.ts: master')], {
      stdio: 'ignore',
    });
    try {
      writeFileSync(path, `${editor.pid}\n`);
      const server = await serveWith(path);
      expect(readFileSync(path, 'utf8')).to.equal(`${server.pid}\n`);
      await server.stop();
      expect(isAlive(editor.pid ?? 0)).to.equal(true);
    } finally {
      editor.kill('SIGKILL');
    }
  });

  it('P1: that cannot be written, as there is no room or no right, stops the start and leaves nothing', async () => {
    const path = files.path('server.pid');
    const command = prepareCommand({ app, flags: ['--pid-file', path] });
    // As a full disk does: the file is made, and the first byte is refused.
    const args = ['-c', 'ulimit -f 0; exec "$@"', 'sh', command.node, ...command.args];
    const { status, stderr } = spawnSync('sh', args, { cwd: command.cwd, env: command.env, encoding: 'utf8' });
    command.remove();
    expect(status, stderr).to.equal(1);
    expect(stderr).to.match(/tsunicorn: Cannot write the pid file \S+: EFBIG/);
    expect(readdirSync(files.path())).to.deep.equal([]);
    // A file system in which root, too, may make nothing.
    expectRefused(
      await runServer({ app, flags: ['--pid-file', '/sys/server.pid'] }),
      /^tsunicorn: Cannot write the pid file \/sys/,
    );
  });

  it('P1: is replaced by one of those that find it stale at once, and the others do not serve', async () => {
    const path = files.path('server.pid');
    const { pid: dead } = spawnSync(process.execPath, ['--version']);
    writeFileSync(path, `${dead}\n`);
    const start = () =>
      startServer({ app, config: `export default { pidFile: ${JSON.stringify(path)} };`, waitFor: null });
    const servers = await Promise.all([start(), start(), start()]);
    const outcomes = await Promise.all(
      servers.map((server) =>
        Promise.race([
          server.event('server.ready').then(
            () => true,
            () => false,
          ),
          server.exited.then(() => false),
        ]),
      ),
    );
    const winners = servers.filter((_, index) => outcomes[index]);
    expect(winners).to.have.length(1);
    expect(readFileSync(path, 'utf8')).to.equal(`${winners[0]?.pid}\n`);
    for (const server of servers) {
      await server.stop(winners.includes(server) ? {} : { expectExit: { code: 1, signal: null } });
      if (!winners.includes(server)) expect(server.stderrText).to.match(/A server runs already: process \d+/);
    }
    expect(readdirSync(files.path())).to.deep.equal([]);
  });
});
