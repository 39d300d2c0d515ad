import { readFileSync, statSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { prepareCommand } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { isAlive, listening, openFds } from '../support/process-tree.ts';
import { scratch } from '../support/scratch.ts';
import { fixture, type Server, type ServerOptions, startServer } from '../support/server.ts';

const app = 'apps/hello.mjs';
const HELLO = 'hello from hello.mjs\n';

describe('bind', () => {
  const files = scratch();

  it('takes several addresses, and each of them answers', async () => {
    const path = files.path('app.sock');
    const bind = ['127.0.0.1:0', '127.0.0.1:0', '[::1]:0', `unix:${path}`];
    const server = await startServer({ app, config: { bind }, flags: ['-w', '2'] });
    const [first = '', second = '', v6 = '', unix = ''] = server.addresses;
    expect([first, second, v6, unix].map((address) => address.replace(/\d+$/, 'PORT'))).to.deep.equal([
      'http://127.0.0.1:PORT',
      'http://127.0.0.1:PORT',
      'http://[::1]:PORT',
      `unix:${path}`,
    ]);
    expect(first).not.to.equal(second);
    for (const url of [first, second, v6]) expect((await fetchText(url)).text, url).to.equal(HELLO);
    expect((await fetchText({ unixPath: path })).text).to.equal(HELLO);
    await server.stop();
  });

  it('takes a bare port as this machine and :PORT as every address, and names the port that the kernel chose', async () => {
    const [local, every] = await Promise.all(['0', ':0'].map((bind) => startServer({ app, flags: ['-b', bind] })));
    expect(local?.addresses[0]).to.match(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    expect(every?.addresses[0]).to.match(/^http:\/\/0\.0\.0\.0:[1-9]\d*$/);
    expect((await fetchText(local?.url ?? '')).text).to.equal(HELLO);
    expect((await fetchText(`http://127.0.0.2:${every?.port}`)).text).to.equal(HELLO);
    await Promise.all([local?.stop(), every?.stop()]);
  });

  it('gives a unix socket the mode of socketMode, by default 0660', async () => {
    const modes: Readonly<Record<string, ServerOptions>> = {
      '660': { flags: ['-b', `unix:${files.path('default.sock')}`] },
      '600': { flags: ['-b', `unix:${files.path('0600.sock')}`, '--socket-mode', '0600'] },
    };
    const check = async ([mode, options]: readonly [string, ServerOptions]) => {
      const server = await startServer({ app, ...options });
      expect((statSync(server.unixPath).mode & 0o777).toString(8)).to.equal(mode);
      expect((await fetchText({ unixPath: server.unixPath })).text).to.equal(HELLO);
      await server.stop();
    };
    await Promise.all(Object.entries(modes).map(check));
  });

  it('takes a socket that somebody else opened, at any descriptor', async () => {
    const check = async (fd: number) => {
      const server = await startPassed(fd, app);
      const [address = ''] = server.addresses;
      expect(address).to.match(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
      expect((await fetchText(address)).text).to.equal(HELLO);
      await server.stop();
    };
    await Promise.all([check(3), check(20)]);
  });
});

describe('backlog', () => {
  it('P3: is what the kernel holds for a worker that accepts nothing', async () => {
    const server = await startServer({ app, flags: ['--backlog', '2'] });
    const [worker = 0] = server.workers();
    process.kill(worker, 'SIGSTOP');
    const sockets = Array.from({ length: 8 }, () => quiet(connect({ host: '127.0.0.1', port: server.port })));
    try {
      // Linux lets one more in than was asked for (sk_acceptq_is_full); whoever is not let in stays in SYN-SENT.
      await eventually(() => connectionsTo(server.port, SYN_SENT) === 5 && acceptQueue(server.port) === 3);
    } finally {
      for (const socket of sockets) socket.destroy();
      process.kill(worker, 'SIGCONT');
    }
    await server.stop();
  });
});

describe('a listening socket', () => {
  it('W11: never reaches what an application starts, so that nothing listens after the stop', async () => {
    const check = async (server: Server) => {
      const port = Number(new URL(server.addresses[0] ?? '').port);
      const grandchild = Number((await fetchText(server.addresses[0] ?? '')).text);
      expect(openFds(grandchild).filter((target) => target.startsWith('socket:'))).to.deep.equal([]);
      expect(listening(port)).to.equal(true);
      server.signal('SIGTERM');
      await server.exited;
      expect(listening(port)).to.equal(false);
      expect(isAlive(grandchild), 'the process that the application left').to.equal(true);
      process.kill(grandchild, 'SIGKILL');
      await server.stop();
    };
    const careless = 'apps/spawns.cjs';
    const bind = Array.from({ length: 20 }, () => '127.0.0.1:0');
    const starts = [
      startServer({ app: careless, config: { bind } }),
      startPassed(3, careless),
      startPassed(20, careless),
    ];
    await Promise.all((await Promise.all(starts)).map(check));
  });

  it('is given back by the kernel as soon as the server has stopped', async () => {
    const server = await startServer({ app });
    const { port } = server;
    await fetchText(server.url);
    await server.stop();
    const next = createServer().listen(port, '127.0.0.1');
    await new Promise<void>((resolve, reject) => next.once('listening', resolve).once('error', reject));
    expect((next.address() as AddressInfo).port).to.equal(port);
    next.close();
  });
});

/** A server whose socket is opened by `pass-socket.mjs`, which is the parent of the master. */
function startPassed(fd: number, target: string): Promise<Server> {
  const command = prepareCommand({});
  command.remove();
  const env = { SERVER_BIN: command.args[0], PASS_AS: String(fd) };
  const bin = fixture('programs/pass-socket.mjs');
  return startServer({ app: target, bin, env, flags: ['--bind', `fd://${fd}`] });
}

function quiet(socket: Socket): Socket {
  return socket.on('error', () => {});
}

/** States of proc_net_tcp(5). */
const SYN_SENT = '02';
const LISTEN = '0A';

interface TcpRow {
  readonly localPort: number;
  readonly remotePort: number;
  readonly state: string;
  readonly receiveQueue: number;
}

function tcpRows(): TcpRow[] {
  const rows = readFileSync('/proc/net/tcp', 'latin1').trim().split('\n').slice(1);
  return rows.map((row) => {
    const [, local = '', remote = '', state = '', queues = ''] = row.trim().split(/\s+/);
    return {
      localPort: Number.parseInt(local.split(':')[1] ?? '', 16),
      remotePort: Number.parseInt(remote.split(':')[1] ?? '', 16),
      state,
      receiveQueue: Number.parseInt(queues.split(':')[1] ?? '', 16),
    };
  });
}

function connectionsTo(port: number, state: string): number {
  return tcpRows().filter((row) => row.remotePort === port && row.state === state).length;
}

/** How many connections wait to be accepted. */
function acceptQueue(port: number): number {
  return tcpRows().find((row) => row.localPort === port && row.state === LISTEN)?.receiveQueue ?? 0;
}
