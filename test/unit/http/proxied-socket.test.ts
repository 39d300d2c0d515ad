import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls';
import { expect } from 'chai';
import { type ProxyHeaderOptions, readProxyHeader } from '../../../src/http/proxied-socket.ts';
import type { ProxySource } from '../../../src/http/proxy-protocol.ts';
import { v2Header } from './proxy-header.ts';

const v1 = Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n');
const v2 = v2Header({
  family: 0x11,
  addresses: Buffer.from([192, 0, 2, 1, 198, 51, 100, 2, 0xdc, 0x04, 0x01, 0xbb]),
  rest: Buffer.from('040002abcd', 'hex'),
});
const source: ProxySource = {
  address: '192.0.2.1',
  port: 56324,
  proxied: { protocol: 'TCP4', address: '198.51.100.2', port: 443 },
};
const request = Buffer.from('GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');

type Outcome =
  | { readonly type: 'header'; readonly source: ProxySource | null }
  | { readonly type: 'refused'; readonly reason: string };

describe('readProxyHeader', () => {
  let server: Server;
  let client: Socket;
  let accepted: Socket;

  /** A fresh connection, whose client writes at once. */
  async function open(): Promise<void> {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the server does not listen on TCP');
    client = connect({ port: address.port, host: address.address, noDelay: true, allowHalfOpen: true });
    client.on('error', () => {});
    [accepted] = await once(server, 'connection');
  }

  function drop(): void {
    client.destroy();
    accepted.destroy();
  }

  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await open();
  });

  afterEach(() => {
    drop();
    server.close();
  });

  const listenersOf = (socket: Socket): Record<string, number> =>
    Object.fromEntries(socket.eventNames().map((name) => [String(name), socket.listenerCount(name)]));

  /** What came of it. `then` runs while the socket is handed over. */
  const outcome = (options: Partial<ProxyHeaderOptions> = {}, then?: () => void): Promise<Outcome> =>
    new Promise((resolve) => {
      readProxyHeader(accepted, {
        accept: 'auto',
        timeoutMs: 5_000,
        onHeader: (found) => {
          then?.();
          resolve({ type: 'header', source: found });
        },
        onRefused: (reason) => resolve({ type: 'refused', reason }),
        ...options,
      });
    });

  /** Each piece is read by the server before the next one is written. */
  async function writePieces(pieces: readonly Buffer[]): Promise<void> {
    let sent = 0;
    for (const piece of pieces) {
      client.write(piece);
      sent += piece.length;
      while (accepted.bytesRead < sent) await new Promise(setImmediate);
    }
  }

  for (const [version, header] of [
    ['v1', v1],
    ['v2', v2],
  ] as const) {
    it(`loses nothing of a request that comes in the same segment (${version})`, async () => {
      let body = Promise.resolve('');
      client.end(Buffer.concat([header, request]));
      const found = await outcome({}, () => {
        body = text(accepted);
      });
      expect(found).to.deep.equal({ type: 'header', source });
      expect(await body).to.equal(request.toString());
    });

    it(`loses nothing of header and request that come byte by byte (${version})`, async () => {
      let body = Promise.resolve('');
      const found = outcome({ accept: version }, () => {
        body = text(accepted);
      });
      await writePieces([...Buffer.concat([header, request])].map((byte) => Buffer.of(byte)));
      client.end();
      expect(await found).to.deep.equal({ type: 'header', source });
      expect(await body).to.equal(request.toString());
    });

    it(`loses nothing at any single split (${version})`, async () => {
      const bytes = Buffer.concat([header, Buffer.from('rest')]);
      for (let split = 1; split < bytes.length; split++) {
        drop();
        await open();
        let body = Promise.resolve('');
        const found = outcome({}, () => {
          body = text(accepted);
        });
        await writePieces([bytes.subarray(0, split), bytes.subarray(split)]);
        client.end();
        expect(await found, `split ${split}`).to.deep.equal({ type: 'header', source });
        expect(await body, `split ${split}`).to.equal('rest');
      }
    });
  }

  it('leaves no listener, and a socket as it was', async () => {
    const before = listenersOf(accepted);
    client.write(Buffer.concat([v1, request]));
    await outcome({}, () => expect(listenersOf(accepted)).to.deep.equal(before));
    expect(accepted.readableFlowing).to.equal(null);
    expect(accepted.readableLength).to.equal(request.length);
  });

  it('tells the end of a stream that ends with its header', async () => {
    let ended: Promise<unknown> = Promise.resolve();
    client.end(v1);
    await outcome({}, () => {
      ended = once(accepted.resume(), 'end');
    });
    await ended;
  });

  it('hands a socket to node:http, which answers a pipelined request and those that follow', async () => {
    const seen: (string | undefined)[] = [];
    const http = createHttpServer((req, res) => {
      seen.push(req.url);
      res.end('hello');
    });
    await outcomeInto(Buffer.concat([v2, Buffer.from('GET /1 HTTP/1.1\r\nHost: a\r\n\r\n'), request]), () =>
      http.emit('connection', accepted),
    );
    const answers = await text(client);
    expect(seen).to.deep.equal(['/1', '/hello']);
    expect(answers.match(/hello/g)).to.have.length(2);
  });

  it('hands a socket to node:tls, with the first flight behind the header', async () => {
    const psk = { psk: Buffer.from('0123456789abcdef'), identity: 'test' };
    const secret = { ciphers: 'PSK-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } as const;
    const tls = createTlsServer({ ...secret, pskCallback: () => psk.psk }, (socket) => {
      socket.on('data', (chunk) => socket.end(`you said ${chunk}`));
    });
    // Header and ClientHello in one segment: nothing that node:tls could still read from the kernel.
    let before = v1;
    const wire = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        client.write(Buffer.concat([before, chunk]), done);
        before = Buffer.alloc(0);
      },
    });
    client.on('data', (chunk) => wire.push(chunk)).on('end', () => wire.push(null));
    const secured = tlsConnect({
      ...secret,
      socket: wire,
      pskCallback: () => psk,
      checkServerIdentity: () => undefined,
    });
    secured.write('hi');
    expect(await outcome({}, () => tls.emit('connection', accepted))).to.deep.equal({ type: 'header', source });
    expect(await text(secured)).to.equal('you said hi');
  });

  async function outcomeInto(bytes: Buffer, then: () => void): Promise<void> {
    client.write(bytes);
    expect(await outcome({}, then)).to.deep.equal({ type: 'header', source });
  }

  it('gives null where the proxy names nobody', async () => {
    client.write('PROXY UNKNOWN\r\n');
    expect(await outcome()).to.deep.equal({ type: 'header', source: null });
  });

  it('refuses what is no header, at the first byte, and leaves the socket to be destroyed', async () => {
    const before = listenersOf(accepted);
    client.write('G');
    expect(await outcome()).to.deep.equal({
      type: 'refused',
      reason: 'The connection does not begin with a PROXY header.',
    });
    expect(listenersOf(accepted)).to.deep.equal(before);
    expect(accepted.destroyed).to.equal(false);
  });

  it('refuses the version that is not accepted', async () => {
    client.write(v2);
    expect(await outcome({ accept: 'v1' })).to.include({ type: 'refused' });
  });

  it('gives up when the header is not complete in time, however it trickles', async () => {
    const before = listenersOf(accepted);
    const refusal = outcome({ timeoutMs: 60 });
    await writePieces([v1.subarray(0, 1), v1.subarray(1, 5)]);
    expect(await refusal).to.deep.equal({ type: 'refused', reason: 'No complete PROXY header came within 60 ms.' });
    expect(listenersOf(accepted)).to.deep.equal(before);
  });

  it('refuses a stream that ends before the header does', async () => {
    client.end(v1.subarray(0, 20));
    expect(await outcome()).to.deep.equal({
      type: 'refused',
      reason: 'The connection ended before its PROXY header was complete.',
    });
  });

  it('refuses a stream that ends before it begins', async () => {
    client.end();
    expect(await outcome()).to.include({ type: 'refused' });
  });

  it('refuses a connection that is reset', async () => {
    const refusal = outcome();
    client.resetAndDestroy();
    expect(await refusal).to.deep.equal({
      type: 'refused',
      reason: 'The connection failed before its PROXY header: read ECONNRESET.',
    });
  });

  it('refuses a connection that somebody else destroys', async () => {
    const refusal = outcome();
    accepted.destroy();
    expect(await refusal).to.include({ type: 'refused' });
  });

  describe('cancel', () => {
    it('calls nobody, gives back what was read and leaves no listener', async () => {
      const before = listenersOf(accepted);
      const reading = readProxyHeader(accepted, { accept: 'auto', timeoutMs: 20, onHeader: fail, onRefused: fail });
      await writePieces([v1.subarray(0, 10), v1.subarray(10, 20)]);
      reading.cancel();
      expect(listenersOf(accepted)).to.deep.equal(before);
      const body = text(accepted);
      client.end(v1.subarray(20));
      expect(await body).to.equal(v1.toString());
    });

    it('does nothing when all is over', async () => {
      let reading = { cancel: fail };
      const refused = new Promise((resolve) => {
        reading = readProxyHeader(accepted, { accept: 'auto', timeoutMs: 5_000, onHeader: fail, onRefused: resolve });
      });
      client.end('PROX');
      await refused;
      reading.cancel();
      reading.cancel();
      expect(accepted.errored).to.equal(null);
    });

    function fail(): void {
      throw new Error('it was cancelled');
    }
  });
});
