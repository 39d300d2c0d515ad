import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { describeListeningSocket, inspectDescriptor, type ProcFiles } from '../../../src/listener/listening-socket.ts';

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 11 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 12 1 0000000000000000 20 4 30 10 -1
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 13 1 0000000000000000 100 0 0 10 0
   1: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 14 1 0000000000000000 100 0 0 10 0
`;
const UDP = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  271: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 15 2 0000000000000000 0
`;
const UNIX = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01    16 /run/my shop/shop.sock
0000000000000000: 00000003 00000000 00000000 0001 03    17
0000000000000000: 00000002 00000000 00000000 0002 01    18 /run/systemd/notify
0000000000000000: 00000002 00000000 00010000 0001 01    19 @shop
0000000000000000: 00000002 00000000 00010000 0005 01    20 /run/udev/control
`;
const TABLES: Readonly<Record<string, string>> = { tcp: TCP, tcp6: TCP6, udp: UDP, unix: UNIX };

/** The files of a process whose descriptor 3 is this. */
const withDescriptor = (link: string | null): ProcFiles => ({
  read: (path) => TABLES[path.replace('/proc/self/net/', '')] ?? null,
  linkOf: (path) => (path === '/proc/self/exe' ? '/usr/bin/node' : path === '/proc/self/fd/3' ? link : null),
});

describe('inspectDescriptor', () => {
  const sockets: Readonly<Record<string, ReturnType<typeof inspectDescriptor>>> = {
    11: { is: 'listening', address: { kind: 'tcp', host: '127.0.0.1', port: 8080 } },
    12: { is: 'other', what: 'a connection, or a stream socket that nobody listens on' },
    13: { is: 'listening', address: { kind: 'tcp', host: '::1', port: 80 } },
    14: { is: 'listening', address: { kind: 'tcp', host: '::', port: 443 } },
    15: { is: 'other', what: 'a datagram socket (UDP)' },
    16: { is: 'listening', address: { kind: 'unix', path: '/run/my shop/shop.sock' } },
    17: { is: 'other', what: 'a connection, or a stream socket that nobody listens on' },
    18: { is: 'other', what: 'a unix socket for datagrams or packets' },
    19: { is: 'listening', address: { kind: 'unix', path: '@shop' } },
    20: { is: 'other', what: 'a unix socket for datagrams or packets' },
    21: { is: 'unknown' },
  };
  for (const [inode, expected] of Object.entries(sockets)) {
    it(`tells from the kernel's tables that socket ${inode} is ${JSON.stringify(expected)}`, () => {
      expect(inspectDescriptor(3, withDescriptor(`socket:[${inode}]`))).to.deep.equal(expected);
    });
  }

  it('tells what is no socket', () => {
    expect(inspectDescriptor(3, withDescriptor('pipe:[11]'))).to.deep.equal({ is: 'other', what: 'a pipe' });
    const file = { is: 'other', what: 'no socket, but /var/log/shop.log' };
    expect(inspectDescriptor(3, withDescriptor('/var/log/shop.log'))).to.deep.equal(file);
    expect(inspectDescriptor(3, withDescriptor(null))).to.deep.equal({ is: 'other', what: 'not open' });
  });

  it('knows nothing where there is no /proc', () => {
    expect(inspectDescriptor(3, { read: () => null, linkOf: () => null })).to.deep.equal({ is: 'unknown' });
  });
});

describe('describeListeningSocket', () => {
  const listen = (listening: Server) =>
    new Promise<Server>((resolve) => listening.once('listening', () => resolve(listening)));
  const fdOf = (server: Server): number => Reflect.get(Reflect.get(server, '_handle'), 'fd');
  const portOf = (server: Server) => (server.address() as AddressInfo).port;

  it('says where the sockets of this process listen', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tsunicorn-socket-'));
    const path = join(directory, 'app.sock');
    const tcp = await listen(createServer().listen(0, '127.0.0.1'));
    const tcp6 = await listen(createServer().listen(0, '::1'));
    const unix = await listen(createServer().listen(path));
    const found = [tcp, tcp6, unix].map((server) => describeListeningSocket(fdOf(server)));
    expect(found).to.deep.equal([
      { kind: 'tcp', host: '127.0.0.1', port: portOf(tcp) },
      { kind: 'tcp', host: '::1', port: portOf(tcp6) },
      { kind: 'unix', path },
    ]);
    for (const server of [tcp, tcp6, unix]) server.close();
    rmSync(directory, { recursive: true });
  });

  it('is null for what is none', () => {
    expect(describeListeningSocket(0)).to.equal(null);
    expect(describeListeningSocket(99_999)).to.equal(null);
  });
});
