import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { expect } from 'chai';
import type { Front } from '../../../src/http/front.ts';
import type { Peer } from '../../../src/http/peer.ts';
import { readProxyHeader } from '../../../src/http/proxied-socket.ts';
import { createTlsFront } from '../../../src/http/tls.ts';
import { eventually } from '../../support/eventually.ts';
import { pem } from '../../support/tls-client.ts';

describe('createTlsFront', () => {
  const options = { key: pem('server.key'), cert: pem('server.pem'), ALPNProtocols: ['http/1.1'] };
  const PEER: Peer = { address: '127.0.0.1', port: 1, encrypted: false };
  let listener: Server;
  let port: number;
  let front: Front;
  let secured: { socket: TLSSocket; peer: Peer }[];
  let failures: { reason: string; address: string }[];
  let accepted: Socket[];

  beforeEach(async () => {
    secured = [];
    failures = [];
    accepted = [];
    front = createTlsFront(options, {
      handshakeTimeoutMs: 60_000,
      refuseBadCertificate: false,
      onSecure: (socket, peer) => void secured.push({ socket, peer }),
      onFailed: (reason, { address }) => void failures.push({ reason, address }),
    });
    listener = createServer({ allowHalfOpen: true }, (socket) => {
      accepted.push(socket);
      front.take(socket, PEER);
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    port = (listener.address() as AddressInfo).port;
  });
  afterEach(async () => {
    for (const socket of accepted) socket.destroy();
    listener.close();
    await once(listener, 'close');
  });

  const shakeHands = async () => {
    const client = connectTls({ port, ca: pem('ca.pem'), host: '127.0.0.1' });
    await once(client, 'secureConnect');
    await eventually(() => secured.length > 0);
    return client;
  };
  const connectSilently = async () => {
    const client = connectTcp(port, '127.0.0.1').on('error', () => {});
    await eventually(() => front.pending() === 1);
    return client;
  };

  it('hands over the secured socket, and says whose it is', async () => {
    const client = await shakeHands();
    expect(secured[0]?.peer).to.deep.equal({ ...PEER, encrypted: true });
    expect(secured[0]?.socket.encrypted).to.equal(true);
    expect(front.pending()).to.equal(0);
    client.write('ping');
    expect(String((await once(secured[0]?.socket ?? client, 'data'))[0])).to.equal('ping');
    client.destroy();
  });

  it('reads first what was pushed back onto the connection', async () => {
    const header = 'PROXY TCP4 192.0.2.1 192.0.2.2 1000 443\r\n';
    listener.removeAllListeners('connection');
    listener.on('connection', (socket) => {
      accepted.push(socket);
      readProxyHeader(socket, {
        accept: 'v1',
        timeoutMs: 5_000,
        onHeader: () => front.take(socket, PEER),
        onRefused: () => socket.destroy(),
      });
    });
    const raw = connectTcp(port, '127.0.0.1');
    raw.cork();
    raw.write(header);
    const client = connectTls({ socket: raw, ca: pem('ca.pem'), servername: 'localhost' });
    setImmediate(() => raw.uncork());
    await once(client, 'secureConnect');
    await eventually(() => secured.length === 1);
    client.destroy();
  });

  it('lets a client end its side and still read the answer', async () => {
    const client = await shakeHands();
    const answer = buffer(client);
    client.end('question');
    const { socket } = secured[0] ?? { socket: client };
    await once(socket.resume(), 'end');
    socket.end('answer');
    expect(String(await answer)).to.equal('answer');
  });

  it('tells once why a handshake failed, and closes the connection', async () => {
    const client = connectTcp(port, '127.0.0.1').resume();
    client.write('GET / HTTP/1.1\r\n\r\n');
    await once(client, 'close');
    await eventually(() => failures.length > 0);
    expect(failures).to.deep.equal([{ reason: 'http request', address: '127.0.0.1' }]);
    expect([front.pending(), secured.length]).to.deep.equal([0, 0]);
  });

  it('says nothing of a connection that said nothing, as health checks do', async () => {
    const client = await connectSilently();
    client.end();
    await eventually(() => front.pending() === 0);
    expect(failures).to.deep.equal([]);
  });

  it('says nothing of a proxy that names a client and leaves, either', async () => {
    listener.removeAllListeners('connection');
    listener.on('connection', (socket) => {
      accepted.push(socket);
      const onHeader = () => front.take(socket, PEER);
      readProxyHeader(socket, { accept: 'v1', timeoutMs: 5_000, onHeader, onRefused: () => socket.destroy() });
    });
    const client = connectTcp(port, '127.0.0.1');
    client.write('PROXY UNKNOWN\r\n');
    await eventually(() => front.pending() === 1);
    client.end();
    await eventually(() => front.pending() === 0);
    expect(failures).to.deep.equal([]);
  });

  it('settles when no handshake is left, and cuts what stalls', async () => {
    await front.settled(0);
    const client = await connectSilently();
    const beganMs = performance.now();
    await front.settled(100);
    expect(performance.now() - beganMs).to.be.within(90, 2_000);
    expect(front.pending()).to.equal(0);
    client.destroy();
  });

  it('cuts all that is under way, and says how many', async () => {
    const client = await connectSilently();
    expect(front.cut()).to.equal(1);
    await once(client.resume(), 'close');
    await eventually(() => front.pending() === 0);
    expect(front.cut()).to.equal(0);
  });
});
