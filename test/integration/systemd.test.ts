import { existsSync, readlinkSync, rmSync } from 'node:fs';
import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import { openFds } from '../support/process-tree.ts';
import { pendingWithoutPython, pythonForTests } from '../support/python.ts';
import { reload } from '../support/reload.ts';
import { scratch } from '../support/scratch.ts';
import { type RunResult, runServer, type Server, type ServerOptions, startServer } from '../support/server.ts';
import { knock, ownAddress, pendingWithoutSystemd, socketActivate } from '../support/systemd.ts';
import type { Target } from '../support/target.ts';

const app = 'apps/hello.mjs';
const HELLO = 'hello from hello.mjs\n';

/** Puts this into the environment, and becomes the command that follows; `$$` is its pid then. */
const withVariables = (assignments: string): string[] => ['sh', '-c', `export ${assignments}; exec "$@"`, 'sh'];

function targetOf(address: string): Target {
  const [host = '', port] = address.split(':');
  return address.startsWith('/') ? { unixPath: address } : { host, port: Number(port) };
}

interface ActivatedOptions extends ServerOptions {
  readonly names?: readonly string[];
  /** Words between the program that passes the sockets and the server. */
  readonly through?: readonly string[];
}

/** A server that gets sockets at these addresses. */
async function startActivated(addresses: readonly string[], options: ActivatedOptions = {}): Promise<Server> {
  const { names = [], through = [], ...rest } = options;
  const under = [...socketActivate(addresses, { names, variables: Object.keys(options.env ?? {}) }), ...through];
  const [server] = await Promise.all([startServer({ app, ...rest, under }), knock(targetOf(addresses[0] ?? ''))]);
  return server;
}

/** The same for a command that ends. */
async function runActivated(flags: readonly string[], through: readonly string[] = []): Promise<RunResult> {
  const address = ownAddress();
  const under = [...socketActivate([address], { names: ['web'] }), ...through];
  const [result] = await Promise.all([runServer({ app, under, flags }), knock(targetOf(address))]);
  return result;
}

/** Stops a server whose unix socket belongs to somebody else, who leaves it where it is. */
async function stopBeside(server: Server, path: string): Promise<void> {
  server.signal('SIGTERM');
  await server.exited;
  expect(existsSync(path), 'the socket is still there').to.equal(true);
  rmSync(path);
  await server.stop();
}

function unusedBinds(server: Server) {
  return server.log.filter(({ event }) => event === 'bind.unused');
}

describe('sockets that systemd passes', () => {
  before(function () {
    pendingWithoutSystemd(this);
    pendingWithoutPython(this);
  });
  const files = scratch();

  it('are listened on in place of bind, of every kind, and their addresses are in the log', async () => {
    const [first, second, path] = [ownAddress(), ownAddress(), files.path('activated.sock')];
    const server = await startActivated([first, second, path], {
      names: ['web', 'admin', 'local'],
      flags: ['-w', '2'],
    });
    expect(server.addresses).to.deep.equal([`http://${first}`, `http://${second}`, `unix:${path}`]);
    for (const to of [`http://${first}`, `http://${second}`, { unixPath: path }]) {
      expect((await fetchText(to)).text).to.equal(HELLO);
    }
    expect(unusedBinds(server).map(({ bind, source }) => ({ bind, source }))).to.deep.equal([
      { bind: ['127.0.0.1:0'], source: 'flag --bind' },
    ]);
    await stopBeside(server, path);
  });

  it('stay over a reload; a bind that means the same is not worth a line', async () => {
    const path = files.path('activated.sock');
    const server = await startActivated([path], { config: { bind: `unix:${path}`, workers: 2 } });
    const before = server.workers();
    await reload(server);
    expect(server.workers()).not.to.include.members(before);
    expect((await fetchText({ unixPath: path })).text).to.equal(HELLO);
    expect(unusedBinds(server)).to.deep.equal([]);
    expect(server.log.filter(({ event }) => event === 'server.listening')).to.have.length(1);
    await stopBeside(server, path);
  });

  it('are named by --print-config, with where they come from', async () => {
    const { code, stdout } = await runActivated(['--print-config']);
    expect(code).to.equal(0);
    expect(stdout).to.match(/^bind +\["fd:\/\/3"\] +# systemd \(LISTEN_FDS\)$/m);
  });

  it('S9: are left alone where LISTEN_PID names another process', async () => {
    const passed = ownAddress();
    const server = await startActivated([passed], { through: withVariables('LISTEN_PID=1') });
    expect(server.addresses[0]).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await fetchText(server.url)).text).to.equal(HELLO);
    expect(unusedBinds(server)).to.deep.equal([]);
    const [worker = 0] = server.workers();
    expect(openFds(worker)).not.to.include(readlinkSync(`/proc/${server.pid}/fd/3`));
    await server.stop();
  });

  it('S9: are not known to workers, to what these start, and to a config file that is tried', async () => {
    const config =
      "if (Object.keys(process.env).some((name) => /^(LISTEN|NOTIFY|WATCHDOG)_/.test(name))) throw new Error('seen');\n" +
      "export default { bind: '127.0.0.1:0' };";
    const address = ownAddress();
    const env = { NOTIFY_SOCKET: files.path('nobody.sock'), WATCHDOG_USEC: '60000000' };
    const server = await startActivated([address], { app: 'apps/variables.mjs', config, env });
    expect((await fetchText(`http://${address}`)).text).to.equal('[]');
    await reload(server);
    expect((await fetchText(`http://${address}`)).text).to.equal('[]');
    await server.stop();
  });

  it('S9: are refused with a sentence each where there are fewer than LISTEN_FDS says', async () => {
    const { code, stderr } = await runActivated([], withVariables('LISTEN_FDS=5 LISTEN_FDNAMES=a:b:c:d:e'));
    expect(code).to.equal(1);
    const [first, ...faults] = stderr.trim().split('\n').slice(-5);
    expect(first).to.match(/^tsunicorn: Cannot use the sockets that LISTEN_FDS passes: /);
    expect(faults.map((fault) => fault.replace(/ is .*/, ''))).to.deep.equal(
      ['b', 'c', 'd', 'e'].map((name, index) => `  - Descriptor ${4 + index} ("${name}")`),
    );
  });

  it('S9: are refused where LISTEN_FDS is no number, or does not fit LISTEN_FDNAMES', async () => {
    const lies = ['LISTEN_FDS=-1', 'LISTEN_FDS=4000', 'LISTEN_FDS=1e1', 'LISTEN_FDNAMES=a:b'];
    const results = await Promise.all(lies.map((lie) => runActivated([], withVariables(lie))));
    for (const { code, stderr } of results) {
      expect(code).to.equal(1);
      expect(stderr).to.match(/^ {2}- LISTEN_(FDS is "|FDNAMES has 2 names)/m);
    }
  });

  const impostors: Readonly<Record<string, readonly [make: string, words: RegExp]>> = {
    'the end of a pipe': ['fd = os.pipe()[0]', /Descriptor 3 is a pipe\./],
    'a file': ['fd = os.open("/dev/null", os.O_RDONLY)', /Descriptor 3 is no socket, but \/dev\/null\./],
    'a datagram socket': [
      's = socket.socket(type=socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); fd = s.fileno()',
      /Descriptor 3 is a datagram socket \(UDP\)\./,
    ],
    'one end of a connection': [
      'pair = socket.socketpair(); fd = pair[0].fileno()',
      /Descriptor 3 is a connection, or/,
    ],
    'a socket without an address': ['s = socket.socket(); fd = s.fileno()', /that socket is bound to no address/],
  };
  it('S9: are refused where descriptor 3 is no socket that listens', async () => {
    const check = async ([what, [make, words]]: readonly [string, readonly [string, RegExp]]) => {
      const become = [
        'import os, socket, sys',
        make,
        'if fd == 3: os.set_inheritable(3, True)',
        'else: os.dup2(fd, 3)',
        'os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")',
        'os.execvp(sys.argv[1], sys.argv[1:])',
      ].join('\n');
      const { code, stderr } = await runServer({ app, under: [pythonForTests().python, '-c', become] });
      expect(code, what).to.equal(1);
      expect(stderr, what).to.match(words);
    };
    await Promise.all(Object.entries(impostors).map(check));
  });
});

describe('the end of a whole control group', () => {
  it('M15: TERM to the master and all workers at once, as by KillMode=control-group, loses nothing', async () => {
    const server = await startServer({ app, flags: ['-w', '3'] });
    const target = { port: server.port };
    const loads = [
      startLoad({ target, connections: 12, mode: 'keep-alive', pauseMs: 2 }),
      startLoad({ target, connections: 6, mode: 'keep-alive', request: { path: '/slow?ms=400' } }),
    ];
    await eventually(() => loads.every((load) => load.report().ok >= 12));
    // The harder order: workers that hear of it before their master does.
    for (const pid of [...server.workers(), server.pid]) process.kill(pid, 'SIGTERM');
    await server.exited;
    for (const load of loads) {
      const { lost, non2xx } = await load.stop();
      expect(lost.filter(({ why }) => why !== 'refused')).to.deep.equal([]);
      expect(non2xx).to.equal(0);
    }
    await server.stop();
    expect(server.log.filter(({ event }) => event === 'worker.exited')).to.have.length(3);
  });
});
