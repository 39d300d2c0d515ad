import { copyFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { expect } from 'chai';
import { rawRequest } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { reload } from '../support/reload.ts';
import { scratch } from '../support/scratch.ts';
import { fixture, runServer, type Server, type ServerOptions, startServer } from '../support/server.ts';
import { within } from '../support/spawned.ts';
import { connectTo, type Target } from '../support/target.ts';
import { clientNamed, fetchTls, openTls, pem, type TlsConnection } from '../support/tls-client.ts';

const file = (name: string) => fixture(`tls/${name}`);
const pair = { keyFile: file('server.key'), certFile: file('server.pem') };
/** What a client meets: with TLS 1.3 it learns only after its own handshake that the server did not like its certificate. */
const REFUSED = /ended|closed|disconnected|alert/;
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;
const only = (version: (typeof VERSIONS)[number]): ConnectionOptions => ({ minVersion: version, maxVersion: version });
const at = ({ port }: Server): Target => ({ port });

function startTls(config: object = {}, options: ServerOptions = {}): Promise<Server> {
  return startServer({ config: { app: fixture('apps/tls-peer.mjs'), ...pair, ...config }, ...options });
}

async function failureOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => 'no failure',
    (error: unknown) => String(error instanceof Error ? error.message : error),
  );
}

/** What was opened to the one worker before this has been accepted by it afterwards. */
async function roundTrip(server: Server): Promise<void> {
  await fetchTls(at(server), '/');
}

/** Resolves when the worker that serves now drains. */
async function drainCurrentWorker(server: Server): Promise<void> {
  const after = server.mark();
  server.signal('SIGHUP');
  await server.event('drain.started', undefined, { after });
}

describe('HTTPS', () => {
  const liveFiles = certificateFiles();
  const app = 'apps/gated.mjs';

  for (const version of VERSIONS) {
    it(`answers over ${version}, several times on one connection`, async () => {
      const server = await startTls({ app: fixture(app) });
      expect(server.addresses[0]).to.match(/^https:\/\/127\.0\.0\.1:\d+$/);
      const connection = await openTls(at(server), only(version));
      expect(connection.socket.getProtocol()).to.equal(version);
      expect(connection.servedBy).to.equal('first.test');
      const body = 'x'.repeat(200_000);
      expect((await connection.request('/echo', { body })).body === body).to.equal(true);
      expect((await connection.request('/echo', { body: 'again' })).body).to.equal('again');
      connection.close();
      await server.stop();
    });
  }

  it('says Connection: close in a drain, ends the connection properly, and waits for no handshake that stalls', async () => {
    const server = await startTls({ app: fixture(app), drainIdleTimeout: 0.5, logLevel: 'debug' });
    const connection = await openTls(at(server));
    expect((await connection.request('/')).closes).to.equal(false);
    const stalled = connectTcp(server.port, '127.0.0.1');
    await new Promise((resolve) => stalled.once('connect', resolve));
    const stalledClosed = new Promise((resolve) => stalled.once('close', resolve));
    stalled.on('error', () => {}).resume();
    await roundTrip(server);
    await drainCurrentWorker(server);
    expect((await connection.request('/')).closes).to.equal(true);
    expect(await connection.closed).to.equal(null);
    await stalledClosed;
    await server.event('worker.exited');
    await server.stop({ timeoutMs: 4_000 });
    expect(server.log.some(({ event }) => event === 'drain.cut')).to.equal(false);
  });

  it('lets a handshake that a drain finds under way end, and answers the request after it', async () => {
    const server = await startTls({ app: fixture(app), drainIdleTimeout: 3, logLevel: 'debug' });
    const raw = connectTo(at(server));
    await new Promise((resolve) => raw.once('connect', resolve));
    await roundTrip(server);
    await drainCurrentWorker(server);
    const connection = await openTls(at(server), { socket: raw });
    const answer = await connection.request('/');
    expect([answer.status, answer.closes]).to.deep.equal([200, true]);
    expect(await connection.closed).to.equal(null);
    await server.event('worker.exited');
    await server.stop();
  });

  it('loses no request to reloads, on old connections or new ones', async () => {
    const server = await startTls({ app: fixture(app), workers: 2, drainIdleTimeout: 1 });
    let over = false;
    const clients = [true, true, false, false].map((keepAlive) => askUntil(() => over, server, keepAlive));
    const asking = Promise.all(clients);
    await Promise.race([asking, reload(server).then(() => reload(server))]);
    over = true;
    for (const asked of await asking) expect(asked).to.be.greaterThan(10);
    await server.stop();
  });

  it('is what a fetch application reads in the URL of a request', async () => {
    const files = liveFiles();
    writeFileSync(files.path('app.mjs'), 'export default { fetch: (request) => new Response(request.url) };');
    const server = await startTls({ app: files.path('app.mjs') });
    expect((await fetchTls(at(server), '/a?b')).body).to.equal(`${server.url}/a?b`);
    await server.stop();
  });

  it('M9: takes a renewed certificate at HUP for new connections, and leaves the old ones alone', async () => {
    const files = liveFiles();
    const open = files.path('open');
    const server = await startTls({ app: fixture(app), ...files.settings, workers: 2 });
    const old = await openTls(at(server));
    expect(old.servedBy).to.equal('first.test');
    const answer = old.request(`/gate?file=${open}`);
    files.put('renewed.key', 'renewed.pem');
    await reload(server);
    expect((await fetchTls(at(server), '/')).servedBy).to.equal('second.test');
    writeFileSync(open, '');
    expect((await answer).status).to.equal(200);
    old.close();
    await server.stop();
  });
});

/** Asks without a pause until `done`, on one connection as long as the server keeps it; rejects with the first request that is lost. */
async function askUntil(done: () => boolean, server: Server, keepAlive: boolean): Promise<number> {
  let asked = 0;
  let connection: TlsConnection | null = null;
  while (!done()) {
    connection ??= await openTls(at(server));
    const { status, closes } = await connection.request('/');
    if (status !== 200) throw new Error(`status ${status} after ${asked} requests`);
    asked += 1;
    if (!closes && keepAlive) continue;
    connection.close();
    connection = null;
  }
  connection?.close();
  return asked;
}

/** A key and a certificate that a test exchanges while a server uses them; call within a `describe`. */
function certificateFiles() {
  const files = scratch();
  return () => {
    const settings = { keyFile: files.path('live.key'), certFile: files.path('live.pem') };
    const put = (key: string, cert: string) => {
      copyFileSync(file(key), settings.keyFile);
      copyFileSync(file(cert), settings.certFile);
    };
    put('server.key', 'server.pem');
    return { settings, put, path: files.path };
  };
}

describe('a reload with TLS', () => {
  const liveFiles = certificateFiles();

  it('M9: fails with a sentence when key or certificate are no good, and the old certificate is served on, by new workers too', async () => {
    const files = liveFiles();
    const server = await startTls({ ...files.settings, clientCert: 'none' });
    const cases: [() => void, RegExp][] = [
      [() => files.put('renewed.key', 'server.pem'), /private key in "keyFile".*does not fit.*"certFile"/],
      [() => files.put('server.key', 'expired.pem'), /"certFile".*expired on 2021-01-01 00:00:00 UTC/],
      [() => files.put('server.key', 'future.pem'), /"certFile".*not valid before 2100-01-01/],
      [() => files.put('encrypted.key', 'server.pem'), /"keyFile".*is encrypted/],
      [() => files.put('server.pem', 'server.key'), /"keyFile".*swapped/],
      [() => unlinkSync(files.settings.certFile), /"certFile".*there is no such file/],
    ];
    for (const [spoil, sentence] of cases) {
      spoil();
      const { faults = [] } = await reload(server, 'reload.failed');
      expect(
        faults.find((fault) => sentence.test(fault)),
        String(sentence),
      ).to.be.a('string');
      expect((await fetchTls(at(server), '/')).servedBy).to.equal('first.test');
    }
    const [worker = 0] = server.workers();
    const after = server.mark();
    process.kill(worker, 'SIGKILL');
    await server.event('worker.ready', undefined, { after });
    expect((await fetchTls(at(server), '/')).servedBy).to.equal('first.test');
    const [, secretLine = ''] = pem('server.key').split('\n');
    expect(server.stderrText).not.to.contain(secretLine);
    await server.stop({ expectErrors: ['reload.failed', 'worker.crashed'] });
  });

  it('M9: can not switch TLS on or off', async () => {
    const server = await startTls();
    const app = fixture('apps/tls-peer.mjs');
    server.writeConfig({ app });
    expect((await reload(server, 'reload.failed')).faults?.join()).to.match(
      /"keyFile" and "certFile" are gone.*restart/,
    );
    await server.stop({ expectErrors: ['reload.failed'] });
    const plain = await startServer({ config: { app } });
    plain.writeConfig({ app, ...pair });
    expect((await reload(plain, 'reload.failed')).faults?.join()).to.match(/"keyFile" and "certFile" are new.*restart/);
    await plain.stop({ expectErrors: ['reload.failed'] });
  });
});

describe('the settings of TLS', () => {
  const files = scratch();

  it('minVersion refuses older versions', async () => {
    const server = await startTls({ minVersion: 'TLSv1.3' });
    expect(await failureOf(openTls(at(server), only('TLSv1.2')))).to.match(/alert|protocol/i);
    expect((await fetchTls(at(server), '/')).protocol).to.equal('TLSv1.3');
    await server.stop();
  });

  it('ciphers choose those of TLS 1.2, and leave TLS 1.3 as it is', async () => {
    const server = await startTls({ ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' });
    const chosen = await openTls(at(server), only('TLSv1.2'));
    expect(chosen.socket.getCipher().name).to.equal('ECDHE-ECDSA-AES256-GCM-SHA384');
    chosen.close();
    const other = { ...only('TLSv1.2'), ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' };
    expect(await failureOf(openTls(at(server), other))).to.match(/handshake failure/);
    expect((await fetchTls(at(server), '/', only('TLSv1.3'))).status).to.equal(200);
    await server.stop();
  });

  it('refuse a start with all their faults', async () => {
    const app = fixture('apps/hello.mjs');
    const run = (config: object) => runServer({ config: { app, ...config } });
    const half = await run({ keyFile: pair.keyFile });
    expect(half.code).to.equal(1);
    expect(half.stderr).to.match(/"keyFile".*without "certFile"/);
    const wrong = await run({ ...pair, keyFile: file('none.key'), certFile: file('expired.pem') });
    expect(wrong.stderr).to.match(/2 faults/);
    expect((await run({ ...pair, ciphers: 'NO-SUCH' })).stderr).to.match(/"ciphers" is "NO-SUCH".*no cipher match/);
    const checked = await runServer({ config: { app, ...pair }, flags: ['--check-config'] });
    expect(checked.stdout).to.match(/valid/);
  });

  it('serve a unix socket too', async () => {
    const server = await startTls({ bind: `unix:${files.path('app.sock')}` });
    const answer = await fetchTls({ unixPath: server.unixPath }, '/peer');
    expect(JSON.parse(answer.body)).to.include({ encrypted: true, authorized: false });
    await server.stop();
  });
});

describe('clientCert', () => {
  const peerOf = async (server: Server, options: ConnectionOptions) => {
    const { body } = await fetchTls(at(server), '/peer', options);
    const { authorized, client } = JSON.parse(body);
    return [authorized, client];
  };
  const ca = { caFile: file('ca.pem') };

  for (const version of VERSIONS) {
    it(`'none' asks for none, with ${version}`, async () => {
      const server = await startTls();
      expect(await peerOf(server, { ...only(version), ...clientNamed('client') })).to.deep.equal([false, null]);
      await server.stop();
    });

    it(`'optional' takes a good one or none, and refuses a bad one, with ${version}`, async () => {
      const server = await startTls({ ...ca, clientCert: 'optional' });
      expect(await peerOf(server, { ...only(version), ...clientNamed('client') })).to.deep.equal([
        true,
        'a known client',
      ]);
      expect(await peerOf(server, only(version))).to.deep.equal([false, null]);
      expect(await failureOf(peerOf(server, { ...only(version), ...clientNamed('stranger') }))).to.match(REFUSED);
      await server.event('tls.handshakeFailed', ({ reason }) => /certificate of the client/.test(String(reason)));
      await server.stop();
    });

    it(`'required' refuses a bad one and none, with ${version}`, async () => {
      const server = await startTls({ ...ca, clientCert: 'required' });
      expect(await peerOf(server, { ...only(version), ...clientNamed('client') })).to.deep.equal([
        true,
        'a known client',
      ]);
      expect(await failureOf(peerOf(server, { ...only(version), ...clientNamed('stranger') }))).to.match(REFUSED);
      expect(await failureOf(peerOf(server, only(version)))).to.match(REFUSED);
      await server.stop();
    });

    it(`'optional' calls nobody authorized who never showed a certificate, not in a resumed session of ${version} either`, async () => {
      const server = await startTls({ ...ca, clientCert: 'optional' });
      const first = await openTls(at(server), only(version));
      await first.request('/');
      const session = await first.session;
      first.close();
      const resumed = await openTls(at(server), { ...only(version), session });
      expect(resumed.socket.isSessionReused()).to.equal(true);
      expect(JSON.parse((await resumed.request('/peer')).body)).to.include({ authorized: false, client: null });
      resumed.close();
      await server.stop();
    });
  }
});

describe('a TLS session', () => {
  /** Connects with `session` until three workers have answered, and says which sessions were taken. */
  async function resumeEverywhere(server: Server, options: ConnectionOptions): Promise<boolean[]> {
    const pids = new Set<string>();
    const resumed: boolean[] = [];
    await eventually(
      async () => {
        const answer = await fetchTls(at(server), '/pid', options);
        pids.add(answer.body);
        resumed.push(answer.resumed);
        return pids.size === 3;
      },
      { everyMs: 0, until: 'all three workers have answered' },
    );
    return resumed;
  }

  async function newSession(server: Server, options: ConnectionOptions): Promise<Buffer> {
    const connection = await openTls(at(server), options);
    await connection.request('/');
    const session = await within(connection.session, 2_000, 'no session within 2000 ms');
    connection.close();
    return session;
  }

  for (const version of VERSIONS) {
    it(`of ${version} is resumed by every worker, and over a reload`, async () => {
      const server = await startTls({ workers: 3 });
      const options = { ...only(version), session: await newSession(server, only(version)) };
      expect(await resumeEverywhere(server, options)).not.to.include(false);
      await reload(server);
      expect(await resumeEverywhere(server, options)).not.to.include(false);
      await server.stop();
    });
  }

  it('ends where a reload changes the authorities of clients', async () => {
    const both = [file('ca.pem'), file('other-ca.pem')];
    const config = { app: fixture('apps/tls-peer.mjs'), bind: '127.0.0.1:0', ...pair, clientCert: 'required' };
    const server = await startTls({ ...config, caFile: both[1] });
    const session = await newSession(server, clientNamed('stranger'));
    const options = { ...clientNamed('stranger'), session };
    expect((await fetchTls(at(server), '/', options)).resumed).to.equal(true);
    server.writeConfig({ ...config, caFile: both[0] });
    await reload(server);
    expect(await failureOf(fetchTls(at(server), '/', options))).to.match(REFUSED);
    await server.stop();
  });

  it('is shared by all workers with a tlsContext hook too', async () => {
    const server = await startHook('({ ...defaultFactory(), ticketKeys: undefined })', { workers: 3 });
    const options = { session: await newSession(server, {}) };
    // A hook that says `undefined` says so: what it left out is what is filled in.
    expect(await resumeEverywhere(server, options)).to.include(false);
    await server.stop();
    const silent = await startHook('({ key: defaultFactory().key, cert: defaultFactory().cert })', { workers: 3 });
    const shared = { session: await newSession(silent, {}) };
    expect(await resumeEverywhere(silent, shared)).not.to.include(false);
    await silent.stop();
  });
});

describe('the hook tlsContext', () => {
  it('decides the options of the server: here another certificate for another name', async () => {
    const context = `createSecureContext({ key: read('renewed.key'), cert: read('renewed.pem') })`;
    const server = await startHook(
      `({ ...defaultFactory(), SNICallback: (name, done) => done(null, name === 'second.test' ? ${context} : undefined) })`,
    );
    expect((await fetchTls(at(server), '/', { servername: 'localhost' })).servedBy).to.equal('first.test');
    const other = { servername: 'second.test', checkServerIdentity: () => undefined };
    expect((await fetchTls(at(server), '/', other)).servedBy).to.equal('second.test');
    await server.stop();
  });

  it('stops the start when it throws, rejects, or returns what is no option', async () => {
    const cases: [string, RegExp][] = [
      [`{ throw new Error('no vault'); }`, /The hook "tlsContext" threw, so the worker does not start: no vault/],
      [`Promise.reject(new Error('no vault'))`, /"tlsContext" threw.*no vault/],
      ['undefined', /"tlsContext" returned no options.*defaultFactory/],
      [`({ ...defaultFactory(), minVersion: 'SSLv3' })`, /"tlsContext" returned options that node:tls refuses.*SSLv3/],
    ];
    for (const [body, sentence] of cases) {
      const run = await runServer({ config: hookConfig(body) });
      expect(run.code, body).to.equal(1);
      expect(run.stderr, body).to.match(sentence);
    }
  });

  it('aborts a reload when it throws', async () => {
    const server = await startHook('defaultFactory()');
    server.writeConfig(hookConfig(`{ throw new Error('no vault'); }`));
    expect((await reload(server, 'reload.aborted')).faults?.join()).to.match(/no vault/);
    expect((await fetchTls(at(server), '/')).servedBy).to.equal('first.test');
    await server.stop({ expectErrors: ['reload.aborted', 'worker.bootFailed'] });
  });
});

function hookConfig(body: string, more: object = {}): string {
  const settings = JSON.stringify({ app: fixture('apps/tls-peer.mjs'), bind: '127.0.0.1:0', ...pair, ...more });
  return `import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
const read = (name) => readFileSync('${fixture('tls')}/' + name);
export default { ...${settings}, tlsContext: (config, defaultFactory) => ${body} };`;
}

function startHook(body: string, more: object = {}): Promise<Server> {
  return startServer({ config: hookConfig(body, more) });
}

describe('a TLS handshake', () => {
  it('that does not end within headerTimeout is cut, however busily it stalls', async () => {
    const server = await startTls({ headerTimeout: 0.5 });
    const beganMs = performance.now();
    const socket = connectTo(at(server));
    // The head of a record that announces 512 bytes of a ClientHello, and then one byte after the other.
    socket.write(Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252]));
    const drip = setInterval(() => socket.write(Buffer.of(0)), 100);
    await new Promise((resolve) =>
      socket
        .on('error', () => {})
        .resume()
        .once('close', resolve),
    );
    clearInterval(drip);
    expect(performance.now() - beganMs).to.be.within(450, 2_500);
    await server.event('tls.handshakeFailed', ({ reason }) => reason === 'it took longer than headerTimeout');
    await server.stop();
  });

  it('that is none, but plain HTTP, ends the connection, and a line of the log tells, one a second at most', async () => {
    const server = await startTls();
    for (let sent = 0; sent < 20; sent += 1) await rawRequest(at(server), 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await server.event('tls.handshakeFailed', ({ reason, count }) => reason === 'http request' && count === 1);
    expect((await fetchTls(at(server), '/')).status).to.equal(200);
    await server.stop();
    expect(server.log.filter(({ event }) => event === 'tls.handshakeFailed').length).to.be.at.most(3);
  });

  it('refuses a client that speaks h2 only, and agrees on http/1.1', async () => {
    const server = await startTls();
    expect(await failureOf(openTls(at(server), { ALPNProtocols: ['h2'] }))).to.match(/no application protocol/);
    const both: TlsConnection = await openTls(at(server), { ALPNProtocols: ['h2', 'http/1.1'] });
    expect(both.socket.alpnProtocol).to.equal('http/1.1');
    both.close();
    await server.stop();
  });
});
