import { closeSync, openSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import type { BindAddress } from '../../../src/listener/address.ts';
import { describeInheritance, INHERITANCE_VARIABLE, takeInheritance } from '../../../src/listener/inheritance.ts';
import { scratch } from '../../support/scratch.ts';

const PARENT = 4711;

/** The descriptor of a handle of `node:net`. */
function fdOf(thing: Server | Socket): number {
  const handle: unknown = Reflect.get(thing, '_handle');
  if (typeof handle !== 'object' || handle === null || !('fd' in handle)) throw new Error('no handle');
  return Number(handle.fd);
}

async function listenOn(where: { port: number; host: string } | { path: string }): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(where, resolve));
  return server;
}

function take(value: unknown, parentPid = PARENT) {
  const env = { [INHERITANCE_VARIABLE]: typeof value === 'string' ? value : JSON.stringify(value), OTHER: 'stays' };
  try {
    return takeInheritance(env, { parentPid });
  } finally {
    expect(env, 'the environment').to.deep.equal({ OTHER: 'stays' });
  }
}

function refusal(value: unknown, parentPid = PARENT): string {
  try {
    take(value, parentPid);
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  return 'not refused';
}

describe('takeInheritance', () => {
  const files = scratch();
  let tcp: Server;
  let unix: Server;
  let port: number;
  const path = () => files.path('app.sock');
  const claim = (fd: number, address: string, rest: object = {}) => ({
    parent: PARENT,
    passed: [],
    sockets: [{ fd, bind: address, address, name: null, file: null, ...rest }],
  });

  beforeEach(async () => {
    tcp = await listenOn({ port: 0, host: '127.0.0.1' });
    unix = await listenOn({ path: path() });
    const bound = tcp.address();
    port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  });
  afterEach(() => {
    tcp.close();
    unix.close();
  });

  it('is nothing without the variable', () => {
    expect(takeInheritance({}, { parentPid: PARENT })).to.equal(null);
  });

  it('takes what a master says of its sockets', () => {
    const sockets = [
      [tcp, { kind: 'tcp', host: '127.0.0.1', port }, `127.0.0.1 ${port}`, '127.0.0.1:0'],
      [unix, { kind: 'unix', path: path() }, null, `unix:${path()}`],
    ] as const satisfies readonly [Server, BindAddress, string | null, string][];
    for (const [server, address, name, written] of sockets) {
      const fd = fdOf(server);
      const file = address.kind === 'unix' ? { path: path(), device: '1', inode: '2' } : null;
      const listener = { fd, address, url: '', name, file, inherited: false, close: () => {} };
      const text = describeInheritance([{ written, listener }], { parentPid: PARENT, firstFd: fd, passed: [] });
      expect(take(text)).to.deep.equal({
        parentPid: PARENT,
        passed: [],
        sockets: [{ fd, written, address, name, file }],
      });
    }
  });

  it('S9: refuses what is not from the process that started this one', () => {
    expect(refusal(claim(fdOf(tcp), `127.0.0.1:${port}`), 1)).to.match(
      /^The variable TSUNICORN_LISTENERS is refused: it was made by process 4711, and process 1 started this one\. A master sets it/,
    );
  });

  it('S9: refuses what no master writes', () => {
    const good = claim(fdOf(tcp), `127.0.0.1:${port}`);
    const [socket] = good.sockets;
    const texts = [
      '',
      '{',
      '[]',
      'null',
      '{}',
      { parent: PARENT },
      { ...good, parent: String(PARENT) },
      { ...good, passed: ['fd://3'] },
      claim(2, 'unix:/a'),
    ];
    const sockets = [
      ...[
        7,
        null,
        {},
        { ...socket, fd: '4' },
        { ...socket, fd: -1 },
        { ...socket, fd: 4.5 },
        { ...socket, address: 'a:b' },
      ],
      ...[
        { ...socket, name: 7 },
        { ...socket, file: {} },
        { ...socket, file: { path: '/etc/passwd', device: '1', inode: '2' } },
      ],
    ];
    for (const value of [...texts, ...sockets.map((one) => ({ ...good, sockets: [one] }))]) {
      expect(refusal(value), JSON.stringify(value)).to.include('is refused: it is none of its own making');
    }
    expect(refusal({ ...good, sockets: [socket, socket] })).to.include('it names a descriptor twice');
    expect(refusal(good)).to.equal('not refused');
  });

  it('S9: refuses descriptors that are no listening sockets, and touches none of them', async () => {
    writeFileSync(files.path('file'), 'mine');
    const file = openSync(files.path('file'), 'r+');
    const client = connect(port, '127.0.0.1');
    await new Promise((resolve) => client.once('connect', resolve));
    const cases = [
      [file, /^is no socket/],
      [900, /^is not open/],
      [fdOf(client), /^is a connection/],
      [openSync('/dev/null', 'r'), /^is no socket/],
    ] as const;
    for (const [fd, why] of cases) {
      const message = refusal(claim(fd, `127.0.0.1:${port}`));
      expect(message.split(`descriptor ${fd}, said to be 127.0.0.1:${port}, `)[1]).to.match(why);
    }
    for (const [fd] of [cases[0], cases[3]]) closeSync(fd);
    client.destroy();
  });

  it('S9: refuses sockets that listen elsewhere', () => {
    const cases = [
      [fdOf(tcp), `127.0.0.1:${port === 65_535 ? 1 : port + 1}`],
      [fdOf(tcp), `unix:${path()}`],
      [fdOf(unix), `unix:${files.path('other.sock')}`],
      [fdOf(unix), `127.0.0.1:${port}`],
    ] as const;
    for (const [fd, address] of cases) expect(refusal(claim(fd, address)), address).to.include(', listens elsewhere');
  });
});
