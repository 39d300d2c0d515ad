import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { fetchText, rawRequest } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Server, startServer } from '../support/server.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n';
const SPOOFED = {
  'X-Forwarded-For': '203.0.113.7, 198.51.100.9',
  'X-Forwarded-Proto': 'https',
  'X-Real-IP': '203.0.113.7',
  X_Forwarded_Host: 'evil.example',
  Forwarded: 'for=203.0.113.7',
  Proxy: 'http://evil.example',
  'Script-Name': '/admin',
};
const isWsgi = process.env.TSUNICORN_TEST_INTERFACE === 'wsgi';
const isFetch = process.env.TSUNICORN_TEST_INTERFACE === 'fetch';

/** The header of version 2 for `203.0.113.7:56324` to `198.51.100.1:443`. */
const PROXY_V2 = Buffer.from(
  '0d0a0d0a000d0a515549540a' + '2111000c' + 'cb007107' + 'c6336401' + 'dc04' + '01bb',
  'hex',
);

interface Seen {
  readonly clientAddress: string;
  readonly port?: number;
  readonly secure: boolean;
  /** What only an environ says: the proxy's end. */
  readonly proxied?: readonly (string | null)[];
  readonly headers: Readonly<Record<string, string>>;
}

describe('behind proxies', () => {
  let server: Server;
  let sockets: string;
  beforeEach(() => {
    sockets = mkdtempSync(join(tmpdir(), 'tsunicorn-sockets-'));
  });
  afterEach(() => rmSync(sockets, { recursive: true }));

  const start = async (config: object) => {
    const flags = ['--access-log', '-', '--access-log-format', '%(h)s %(s)s'];
    server = await startServer({ app: 'apps/where.mjs', config, flags });
  };
  const logged = (line: string) => eventually(() => server.stdoutText.split('\n').includes(line));
  const seenIn = (answer: string): Seen =>
    JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4).replace(/^\w+\r\n/, ''));

  it('no forwarding field of a stranger reaches the application', async () => {
    await start({ forwardedAllowIps: '10.0.0.0/8' });
    const seen: Seen = JSON.parse((await fetchText(server.url, { headers: { ...SPOOFED, 'X-Other': 'kept' } })).text);
    expect(Object.keys(seen.headers)).to.include('x-other');
    const spoofed = Object.keys(SPOOFED).map((name) => name.toLowerCase());
    expect(Object.keys(seen.headers).filter((name) => spoofed.includes(name))).to.deep.equal([]);
    expect(seen).to.include({ clientAddress: '127.0.0.1', secure: false });
    await logged('127.0.0.1 200');
    await server.stop();
  });

  it('those of a trusted proxy do, and say who the client is', async () => {
    await start({ forwardedAllowIps: ['127.0.0.0/8', '198.51.100.0/24'] });
    const headers = { 'X-Forwarded-For': '1.1.1.1, 203.0.113.7, 198.51.100.9', 'X-Forwarded-Proto': 'https' };
    const seen: Seen = JSON.parse((await fetchText(server.url, { headers })).text);
    expect(seen.headers['x-forwarded-for']).to.equal(headers['X-Forwarded-For']);
    // A listener of node:http reads the fields itself, or lets its framework do so.
    if (isFetch) expect(seen).to.include({ clientAddress: '203.0.113.7', secure: true });
    await logged('203.0.113.7 200');
    await server.stop();
  });

  it('contradicting scheme fields are refused', async () => {
    await start({});
    const headers = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Ssl': 'off' };
    expect((await fetchText(server.url, { headers })).status).to.equal(400);
    await server.event('request.refused', ({ status }) => status === 400);
    await server.stop();
  });

  it('a peer on a unix socket is trusted only when it is said', async () => {
    for (const [trusted, client] of [
      ['*', '- 200'],
      ['unix', '203.0.113.7 200'],
    ] as const) {
      await start({
        bind: `unix:${join(sockets, `${trusted === '*' ? 'any' : 'unix'}.sock`)}`,
        forwardedAllowIps: trusted,
      });
      await fetchText({ unixPath: server.unixPath }, { headers: { 'X-Forwarded-For': '203.0.113.7' } });
      await logged(client);
      await server.stop();
    }
  });

  it('headerMap: refuse refuses a name with an underscore, drop passes it on', async () => {
    for (const [headerMap, status] of [
      ['refuse', 400],
      ['drop', 200],
    ] as const) {
      await start({ headerMap });
      expect((await fetchText(server.url, { headers: { api_key: 'x' } })).status, headerMap).to.equal(status);
      await server.stop();
    }
  });

  for (const [version, header] of [
    ['v1', Buffer.from('PROXY TCP4 203.0.113.7 198.51.100.1 56324 443\r\n')],
    ['v2', PROXY_V2],
  ] as const) {
    it(`the PROXY protocol, ${version}, names the client of every request, however it is split`, async () => {
      await start({ proxyProtocol: 'auto' });
      const bytes = Buffer.concat([header, Buffer.from(REQUEST)]);
      const seen = seenIn(await rawRequest({ port: server.port }, bytes));
      expect(seen.clientAddress).to.equal('203.0.113.7');
      if (!isFetch) expect(seen.port).to.equal(56_324);
      if (isWsgi) expect(seen.proxied).to.deep.equal(['TCP4', '198.51.100.1', '443']);
      expect(seenIn(await sendByteByByte(server.port, bytes)).clientAddress).to.equal('203.0.113.7');
      await eventually(() => server.stdoutText.match(/^203\.0\.113\.7 200$/gm)?.length === 2);
      await server.stop();
    });
  }

  it('LOCAL and UNKNOWN keep the address of the peer', async () => {
    await start({ proxyProtocol: 'v1' });
    const seen = seenIn(await rawRequest({ port: server.port }, `PROXY UNKNOWN\r\n${REQUEST}`));
    expect(seen.clientAddress).to.equal('127.0.0.1');
    if (isWsgi) expect(seen.proxied).to.deep.equal([null, null, null]);
    await server.stop();
  });

  it('a connection without the header, with a bad one, or from somebody else is closed, and one line says so', async () => {
    await start({ proxyProtocol: 'v1' });
    for (const bytes of [REQUEST, `PROXY TCP4 1.2.3.4\r\n${REQUEST}`, PROXY_V2]) {
      expect(await rawRequest({ port: server.port }, bytes)).to.equal('');
    }
    await server.event('request.refused');
    await server.stop();
    await start({ proxyProtocol: 'v1', proxyAllowIps: '10.1.1.1' });
    const allowed = `PROXY TCP4 203.0.113.7 198.51.100.1 56324 443\r\n${REQUEST}`;
    expect(await rawRequest({ port: server.port }, allowed)).to.equal('');
    await server.stop();
  });

  it('a connection that never finishes its header is closed at headerTimeout', async () => {
    await start({ proxyProtocol: 'v1', headerTimeout: 0.3 });
    const beganMs = performance.now();
    expect(await rawRequest({ port: server.port }, 'PROXY TCP4 203')).to.equal('');
    expect(performance.now() - beganMs).to.be.within(290, 3_000);
    await server.stop();
  });
});

function sendByteByByte(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let received = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text;
    });
    socket.once('error', reject).once('close', () => resolve(received));
    socket.once('connect', () => {
      const send = (at: number): void => {
        if (at < bytes.length) socket.write(bytes.subarray(at, at + 1), () => setImmediate(send, at + 1));
      };
      send(0);
    });
  });
}
