import { existsSync, renameSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect } from 'chai';
import { formatBind, parseBind } from '../../../src/listener/address.ts';
import type { Listener } from '../../../src/listener/bind.ts';
import { createSockets, type Sockets } from '../../../src/master/sockets.ts';
import { scratch } from '../../support/scratch.ts';

const ANY = '127.0.0.1:0';

function parsed(...texts: string[]) {
  return texts.map((text) => {
    const address = parseBind(text);
    if ('fault' in address) throw new Error(address.fault);
    return address;
  });
}

function nameOf(listener: Listener | undefined): string {
  return listener === undefined ? 'none' : formatBind(listener.address);
}

async function listenOn(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

describe('createSockets', () => {
  const files = scratch();
  let sockets: Sockets;
  const open = (...texts: string[]) => sockets.open(parsed(...texts));
  const failure = (...texts: string[]) =>
    open(...texts).then(
      () => 'no failure',
      (error: Error) => error.message,
    );

  beforeEach(() => {
    sockets = createSockets({ scheme: 'http', socketMode: 0o660 });
  });
  afterEach(() => sockets.closeAll());

  it('uses what it holds again, each socket once, and binds the rest', async () => {
    const path = files.path('a.sock');
    const first = await open(ANY, ANY, `unix:${path}`);
    expect(new Set(first.map(nameOf)).size).to.equal(3);
    const second = await open(`unix:${path}`, ANY, ANY, ANY);
    const [unix, one, two, three] = second;
    expect([one, two, unix]).to.deep.equal(first);
    expect(first).to.not.include(three);
    expect(sockets.all()).to.have.members(second);
  });

  it('knows a socket by the port that the kernel chose', async () => {
    const [chosen] = await open(ANY);
    expect((await open(nameOf(chosen)))[0]).to.equal(chosen);
    expect((await open(ANY))[0]).to.equal(chosen);
  });

  it('closes what it is not told to keep', async () => {
    const path = files.path('a.sock');
    const [tcp, unix] = await open(ANY, `unix:${path}`);
    sockets.keep(tcp === undefined ? [] : [tcp]);
    expect(sockets.all()).to.deep.equal([tcp]);
    expect(existsSync(path)).to.equal(false);
    expect((await open(`unix:${path}`))[0]).to.not.equal(unix);
  });

  it('binds all or nothing', async () => {
    const before = await open(ANY);
    const stranger = await listenOn(0);
    const { port } = stranger.address() as AddressInfo;
    const path = files.path('new.sock');
    const message = await failure(`unix:${path}`, ANY, `127.0.0.1:${port}`);
    stranger.close();
    expect(message).to.match(new RegExp(`^Cannot listen on 127.0.0.1:${port}: another process already listens there`));
    expect(existsSync(path)).to.equal(false);
    expect(sockets.all()).to.deep.equal(before);
  });

  it('waits a moment for a port that it gave up, as workers may still hold it', async () => {
    const [listener] = await open(ANY);
    sockets.keep([]);
    const worker = await listenOn(Number(nameOf(listener).split(':')[1]));
    const again = open(nameOf(listener));
    setTimeout(() => worker.close(), 120);
    expect(nameOf((await again)[0])).to.equal(nameOf(listener));
  });

  it('leaves nothing when all is closed while it binds', async () => {
    const path = files.path('late.sock');
    const late = failure(`unix:${path}`);
    sockets.closeAll();
    expect(await late).to.include('the server stops');
    expect(existsSync(path)).to.equal(false);
    expect(sockets.all()).to.deep.equal([]);
  });

  it('keeps the file of a shared socket when it is closed, until nobody needs it', async () => {
    const path = files.path('a.sock');
    let isShared = true;
    sockets = createSockets({ scheme: 'http', socketMode: 0o660, isShared: () => isShared });
    await open(`unix:${path}`);
    sockets.closeAll();
    expect(existsSync(path)).to.equal(true);
    isShared = false;
    sockets.removeLeft();
    expect(existsSync(path)).to.equal(false);
  });

  it('P2: removes no file that took the place of its own, and tells', async () => {
    const lost: string[] = [];
    const path = files.path('a.sock');
    sockets = createSockets({ scheme: 'http', socketMode: 0o660, onLost: (one) => lost.push(one) });
    await open(`unix:${path}`);
    renameSync(path, files.path('moved'));
    const stranger = createServer().listen(path);
    await new Promise((resolve) => stranger.once('listening', resolve));
    sockets.keep([]);
    expect(existsSync(path)).to.equal(true);
    expect(lost).to.deep.equal([path]);
    stranger.close();
  });
});
