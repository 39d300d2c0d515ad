import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import { fetchText, openKeepAlive } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { targetOf } from '../support/invariants.ts';
import { type Load, startLoad } from '../support/load.ts';
import { listening, openFds } from '../support/process-tree.ts';
import { reload } from '../support/reload.ts';
import { scratch } from '../support/scratch.ts';
import { fixture, type Server, startServer } from '../support/server.ts';

const STAYS = '127.0.0.1:0';
/** Of this machine, but of no client of these tests: the port that was chosen once is free when it is wanted again. */
const MOVES = '127.0.0.77:0';
/** TEST-NET-1 (RFC 5737): nobody has it. */
const NOWHERE = '192.0.2.1:0';
const CLIENTS = 4;
const LISTEN = '0A';
const HELLO = 'hello from hello.mjs\n';

interface Loaded {
  readonly server: Server;
  /** Writes the file with this `bind` after the address that stays, and whatever else differs. */
  move(addresses: readonly string[], rest?: object): void;
  /** The addresses after the one that stays, as the log has them. */
  moved(): readonly string[];
  /** Ends the load, of which nothing was lost, and stops the server. */
  end(options?: Parameters<Server['stop']>[0]): Promise<void>;
}

/** A server with clients that keep their connections to the address that stays. */
async function startLoaded(addresses: readonly string[], rest: object = {}): Promise<Loaded> {
  const configOf = (more: readonly string[], other: object = {}) => ({
    ...{ app: fixture('apps/hello.mjs'), workers: 2, drainIdleTimeout: 0.5, bind: [STAYS, ...more] },
    ...{ ...rest, ...other },
  });
  const server = await startServer({ config: configOf(addresses) });
  const [stays = ''] = server.addresses;
  const load: Load = startLoad({ target: targetOf(stays), connections: CLIENTS, mode: 'keep-alive', pauseMs: 10 });
  return {
    server,
    move: (more, other) => server.writeConfig(configOf(more, other)),
    moved: () => server.addresses.slice(1),
    async end(options) {
      const { lost, non2xx, ok } = await load.stop();
      expect(server.addresses[0], 'the address that stays').to.equal(stays);
      await server.stop(options);
      expect({ lost, non2xx }).to.deep.equal({ lost: [], non2xx: 0 });
      expect(ok).to.be.at.least(CLIENTS);
    },
  };
}

async function answerOf(address: string): Promise<string> {
  const target = targetOf(address);
  return (await fetchText('unixPath' in target ? target : address)).text;
}

function portOf(address = ''): number {
  return Number(new URL(address).port);
}

async function isClosed(address = ''): Promise<void> {
  await eventually(() => !listening(portOf(address)), { until: `nobody listens on ${address}` });
}

/** How many connections wait to be accepted on a port: the receive queue of a listening socket (proc_net_tcp(5)). */
function queued(port: number): number {
  const rows = readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .map((row) => row.trim().split(/\s+/));
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const row = rows.find(([, local = '', , state]) => state === LISTEN && local.endsWith(suffix));
  return Number.parseInt(row?.[4]?.split(':')[1] ?? '0', 16);
}

describe('reload that changes bind', () => {
  const files = scratch();

  it('M8: adds an address and removes it again; who is connected there gets an answer', async () => {
    const { server, move, moved, end } = await startLoaded([]);
    move([MOVES]);
    await reload(server);
    const [added = ''] = moved();
    expect(added).to.match(/^http:\/\/127\.0\.0\.77:\d+$/);
    expect(await answerOf(added)).to.equal(HELLO);

    const connection = await openKeepAlive(targetOf(added));
    await connection.request('/');
    move([]);
    const after = server.mark();
    server.signal('SIGHUP');
    await server.event('worker.draining', undefined, { after });
    expect((await connection.request('/')).body).to.equal(HELLO);
    await server.event('reload.finished', undefined, { after });
    expect(moved()).to.deep.equal([]);
    await isClosed(added);
    await end();
    const lists = server.log.filter(({ event }) => event === 'server.listening');
    expect(lists.map(({ addresses = [] }) => addresses.length)).to.deep.equal([1, 2, 1]);
  });

  it('M8: goes from a port to a unix socket and back', async () => {
    const { server, move, moved, end } = await startLoaded([MOVES]);
    const [tcp = ''] = moved();
    const path = files.path('app.sock');
    move([`unix:${path}`]);
    await reload(server);
    expect(moved()).to.deep.equal([`unix:${path}`]);
    expect(await answerOf(`unix:${path}`)).to.equal(HELLO);
    await isClosed(tcp);
    move([tcp.slice('http://'.length)]);
    await reload(server);
    expect(moved()).to.deep.equal([tcp]);
    expect(await answerOf(tcp)).to.equal(HELLO);
    expect(existsSync(path)).to.equal(false);
    await end();
  });

  it('M8: changes nothing when an address can not be bound, or the log not be opened', async () => {
    const { server, move, end } = await startLoaded([]);
    const workers = server.workers();
    const stranger = createServer();
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const taken = `127.0.0.1:${(stranger.address() as AddressInfo).port}`;
    writeFileSync(files.path('file'), '');
    const [first, path] = [server.url.slice('http://127.0.0.1:'.length), files.path('new.sock')];
    const ours = new RegExp(`this server itself listens there, as 127.0.0.1:${first}`);
    const faulty: [string, RegExp, object?][] = [
      [taken, new RegExp(`${taken}: another process already listens there`)],
      [NOWHERE, /192\.0\.2\.1:0: this machine has no such address/],
      [`0.0.0.0:${first}`, ours],
      [`127.0.0.1:${first}`, ours],
      [`unix:${files.path('file')}`, /a file that is no socket stands there/],
      [`unix:${files.path('no/such/app.sock')}`, /its directory does not exist/],
      ['fd://9', /fd:\/\/9 anew.*restart/],
      [MOVES, /missing/, { errorLog: files.path('missing/error.log') }],
    ];
    for (const [address, fault, rest] of faulty) {
      move([`unix:${path}`, address], { app: fixture('apps/hello.cjs'), ...rest });
      const { faults = [] } = await reload(server, 'reload.failed');
      expect(faults, address).to.have.length(1);
      expect(faults[0]).to.match(fault);
      expect(existsSync(path), `${path} with ${address}`).to.equal(false);
      expect(server.workers()).to.deep.equal(workers);
      expect(await answerOf(server.url)).to.equal(HELLO);
    }
    stranger.close();
    move([`unix:${path}`, taken]);
    await reload(server);
    expect(await answerOf(`http://${taken}`)).to.equal(HELLO);
    await end({ expectErrors: ['reload.failed'] });
  });

  it('M8: closes what is new and keeps what would be removed when the first new worker does not boot', async () => {
    const { server, move, moved, end } = await startLoaded([MOVES]);
    const [old = ''] = moved();
    const workers = server.workers();
    const fds = openFds(server.pid).length;
    const path = files.path('new.sock');
    move([`unix:${path}`, MOVES.replace('77', '78')], { app: fixture('broken/throws.mjs') });
    const after = server.mark();
    const aborted = reload(server, 'reload.aborted');
    await server.event('worker.spawned', undefined, { after });
    expect(existsSync(path), 'bound before the first new worker starts').to.equal(true);
    await aborted;
    await eventually(() => server.workers().length === 2, { until: 'the canary is gone' });
    expect(server.workers()).to.deep.equal(workers);
    expect(existsSync(path)).to.equal(false);
    await eventually(() => openFds(server.pid).length === fds, { until: `the master has ${fds} descriptors again` });
    expect(moved()).to.deep.equal([old]);
    expect(await answerOf(old)).to.equal(HELLO);
    await end({ expectErrors: ['reload.aborted', 'worker.bootFailed'] });
  });

  it('M8: 20 times to and fro leaves no descriptor behind', async function () {
    this.timeout(60_000);
    const path = files.path('app.sock');
    const { server, move, moved, end } = await startLoaded([MOVES], { workers: 1 });
    const [tcp = ''] = moved();
    const fds = openFds(server.pid).length;
    for (let turn = 0; turn < 20; turn += 1) {
      const next = turn % 2 === 0 ? `unix:${path}` : tcp;
      move([next.replace('http://', '')]);
      await reload(server);
      expect(moved()).to.deep.equal([next]);
      expect(await answerOf(next)).to.equal(HELLO);
    }
    await eventually(() => server.workers().length === 1, { until: 'only the last worker is left' });
    await eventually(() => openFds(server.pid).length === fds, { until: `the master has ${fds} descriptors again` });
    expect(existsSync(path)).to.equal(false);
    await end();
  });

  it('twice in one breath ends with the addresses of the last', async () => {
    const { server, move, moved, end } = await startLoaded([MOVES]);
    const [first = ''] = moved();
    const paths = [files.path('one.sock'), files.path('two.sock')];
    const after = server.mark();
    for (const path of paths) {
      move([`unix:${path}`]);
      server.signal('SIGHUP');
      await server.event(path === paths[0] ? 'worker.spawned' : 'reload.queued', undefined, { after });
    }
    await server.event('reload.finished', ({ generation }) => generation === 3, { after });
    expect(moved()).to.deep.equal([`unix:${paths[1]}`]);
    expect(paths.map((path) => existsSync(path))).to.deep.equal([false, true]);
    await isClosed(first);
    await end();
  });

  it('answers who waits in the queue of an address that is removed', async () => {
    const { server, move, moved, end } = await startLoaded([MOVES], { workers: 1 });
    const [removed = ''] = moved();
    const [worker = 0] = server.workers();
    move([]);
    // It is told to leave while it stands still, and reads that before it looks for connections.
    process.kill(worker, 'SIGSTOP');
    await reload(server);
    const waiting = Array.from({ length: 8 }, () => fetchText(removed));
    await eventually(() => queued(portOf(removed)) === 8, { until: 'the kernel has queued all' });
    process.kill(worker, 'SIGCONT');
    expect((await Promise.all(waiting)).map(({ text }) => text)).to.deep.equal(Array(8).fill(HELLO));
    await isClosed(removed);
    await end();
  });

  it('M10: gives way to TERM while it loads, and leaves nothing', async () => {
    const [path, gate] = [files.path('late.sock'), files.path('gate')];
    const config = (bind: string, hook = '') =>
      `export default { app: '${fixture('apps/gated.mjs')}', bind: ['${STAYS}'${bind}], ${hook} };`;
    const server = await startServer({ config: config('') });
    const answer = fetchText(server.url, { path: `/gate?file=${gate}` });
    const hook = `async onReload(server) {
      const { existsSync } = await import('node:fs');
      while (!existsSync('${gate}-config')) await new Promise((resolve) => setTimeout(resolve, 5));
      server.log.info('the gate is open');
    }`;
    await fetchText(server.url);
    server.writeConfig(config(`, 'unix:${path}'`, hook));
    server.signal('SIGHUP');
    await server.event('reload.started');
    server.signal('SIGTERM');
    await server.event('server.stopping');
    writeFileSync(`${gate}-config`, '');
    await server.event('hook.log');
    writeFileSync(gate, '');
    expect((await answer).text).to.equal('through the gate\n');
    await server.stop();
    expect(existsSync(path)).to.equal(false);
    expect(server.log.map(({ event }) => event)).to.not.include('reload.failed');
  });
});
