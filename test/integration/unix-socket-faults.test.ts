import { spawn } from 'node:child_process';
import {
  chmodSync,
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
import { connect, createServer, type Server as NetServer } from 'node:net';
import { expect } from 'chai';
import { openTo, SOMEBODY } from '../support/as-root.ts';
import { fetchText } from '../support/client.ts';
import { scratch } from '../support/scratch.ts';
import { type RunResult, runServer, type Server, startServer } from '../support/server.ts';

const app = 'apps/hello.mjs';
const HELLO = 'hello from hello.mjs\n';

/** Binds in a process of its own and is killed: the file stays, and nobody answers on it. */
async function leaveStale(path: string, identity: { uid?: number; gid?: number } = {}): Promise<void> {
  const program = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.stdout.write('up'))`;
  const child = spawn(process.execPath, ['-e', program], { ...identity, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
  expect(lstatSync(path).isSocket()).to.equal(true);
}

const others = new Set<NetServer>();

/** Another server, which says whose it is. */
function listenAt(path: string): Promise<NetServer> {
  const server = createServer((socket) => socket.on('error', () => {}).end('mine'));
  others.add(server);
  return new Promise((resolve) => server.listen(path, () => resolve(server)));
}

function textFrom(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ path }).setEncoding('utf8');
    socket.on('data', (piece) => {
      text += piece;
    });
    socket.once('end', () => resolve(text)).once('error', reject);
  });
}

function serve(path: string, ...flags: string[]): Promise<Server> {
  return startServer({ app, flags: ['-b', `unix:${path}`, ...flags] });
}

function tryToServe(path: string): Promise<RunResult> {
  return runServer({ app, flags: ['-b', `unix:${path}`] });
}

function expectRefused({ code, stderr, log }: RunResult, why: RegExp): void {
  expect(code, stderr).to.equal(1);
  expect(stderr.trimEnd().split('\n').at(-1)).to.match(why);
  expect(log.map(({ event }) => event)).not.to.include('worker.spawned');
}

describe('the path of a unix socket', () => {
  const files = scratch();
  afterEach(() => {
    for (const server of others) server.close();
    others.clear();
  });

  it('P2: one that nobody answers on is replaced, whoever it belonged to, and that is told', async () => {
    const path = files.path('app.sock');
    const who = process.geteuid?.() === 0 ? { uid: SOMEBODY.uid, gid: SOMEBODY.gid } : {};
    chmodSync(files.path(), 0o777);
    await leaveStale(path, who);
    openTo(files.path());
    const server = await serve(path);
    expect(server.log.find(({ event }) => event === 'socket.replaced')).to.include({ path });
    expect(lstatSync(path).uid).to.equal(process.geteuid?.());
    expect((await fetchText({ unixPath: path })).text).to.equal(HELLO);
    await server.stop();
    expect(readdirSync(files.path())).to.deep.equal([]);
  });

  it('P2: one that a server answers on is refused and not touched', async () => {
    const path = files.path('app.sock');
    await listenAt(path);
    const before = lstatSync(path);
    expectRefused(await tryToServe(path), /another process already listens there\. Stop it \(ss -lxp/);
    expect(lstatSync(path)).to.include({ ino: before.ino, mtimeMs: before.mtimeMs });
    expect(await textFrom(path)).to.equal('mine');
  });

  it('P2: a file, a directory and any symbolic link stay as they are', async () => {
    const socket = files.path('real.sock');
    await listenAt(socket);
    writeFileSync(files.path('precious'), 'mine');
    mkdirSync(files.path('directory'));
    const links = { toSocket: socket, toFile: files.path('precious'), dangling: files.path('nothing') };
    for (const [name, target] of Object.entries(links)) symlinkSync(target, files.path(name));
    const names = ['precious', 'directory', ...Object.keys(links)];
    const results = await Promise.all(names.map((name) => tryToServe(files.path(name))));
    for (const result of results) expectRefused(result, /a file that is no socket stands there\. Move it away/);
    for (const [name, target] of Object.entries(links)) expect(readlinkSync(files.path(name))).to.equal(target);
    expect(readFileSync(files.path('precious'), 'utf8')).to.equal('mine');
    expect(await textFrom(socket)).to.equal('mine');
    expect(readdirSync(files.path()).sort()).to.deep.equal([...names, 'real.sock'].sort());
  });

  it('P2: one that is too long, or has no directory, or may not be made there, is refused with the reason', async () => {
    expectRefused(await tryToServe(files.path('x'.repeat(108))), /too long for a unix socket: at most 10\d bytes fit/);
    expectRefused(await tryToServe(files.path('gone/app.sock')), /its directory does not exist\. Create it/);
    // Where root, too, may make nothing.
    expectRefused(await tryToServe('/proc/app.sock'), /Cannot listen on unix:\/proc\/app\.sock: /);
    writeFileSync(files.path('file'), '');
    expectRefused(await tryToServe(files.path('file/app.sock')), /Cannot listen on unix:\S+file\/app\.sock: /);
    const longest = files.path('x'.repeat(106 - files.path().length));
    const server = await serve(longest);
    expect((await fetchText({ unixPath: longest })).text).to.equal(HELLO);
    await server.stop();
  });

  it('P2: one that is removed while its server runs stays away, and the server stops in order', async () => {
    const path = files.path('app.sock');
    const server = await serve(path);
    unlinkSync(path);
    await server.stop();
    expect(readdirSync(files.path())).to.deep.equal([]);
  });

  it('P2: of a server that has it and is not ready yet it is not taken away', async () => {
    const path = files.path('app.sock');
    const slow = await startServer({
      app: 'broken/hangs.mjs',
      flags: ['-b', `unix:${path}`],
      waitFor: 'worker.spawned',
    });
    const before = lstatSync(path);
    expectRefused(await tryToServe(path), /another process already listens there/);
    expect(lstatSync(path)).to.include({ ino: before.ino, mtimeMs: before.mtimeMs });
    await slow.stop({ signal: 'SIGINT' });
  });

  it('P2: of servers that start at once on one that was left over, one wins and keeps it', async () => {
    const path = files.path('app.sock');
    await leaveStale(path);
    const flags = ['-b', `unix:${path}`];
    const servers = await Promise.all([1, 2, 3].map(() => startServer({ app, flags, waitFor: null })));
    const outcomeOf = (server: Server) =>
      Promise.race([
        server
          .event('server.ready')
          .then(() => 'ready')
          .catch(() => 'refused'),
        server.exited.then(({ code }) => `exit ${code}`),
      ]);
    const outcomes = await Promise.all(servers.map(outcomeOf));
    const winners = servers.filter((_, index) => outcomes[index] === 'ready');
    expect(winners, outcomes.join(', ')).to.have.length(1);
    expect((await fetchText({ unixPath: path })).text).to.equal(HELLO);
    for (const server of servers) {
      if (winners.includes(server)) continue;
      await server.exited;
      expect(server.stderrText).to.match(/another process already listens there/);
      expect(existsSync(path)).to.equal(true);
    }
    await winners[0]?.stop();
    for (const server of servers)
      if (!winners.includes(server)) await server.stop({ expectExit: { code: 1, signal: null } });
    expect(readdirSync(files.path())).to.deep.equal([]);
  });
});
