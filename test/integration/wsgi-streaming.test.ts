import { expect } from 'chai';
import { download, growthWhile, MIB, upload } from '../support/bulk.ts';
import { fetchText, type KeepAlive, openKeepAlive, rawRequest } from '../support/client.ts';
import { converse, firstBytes } from '../support/conversation.ts';
import { eventually } from '../support/eventually.ts';
import type { Server } from '../support/server.ts';
import { pythonSuite, startPython } from '../support/wsgi-server.ts';

/** What the kernel and both sides may hold of a body that nobody reads. */
const MOST_HELD_BYTES = 16 * MIB;
/** What a body may cost a process in memory: far below what passes through. V8 collects what it has copied when it likes: of 1 GiB, 71 MiB were seen on Node.js 26, below 48 on 20. */
const mostGrowthMib = (mib: number): number => Math.max(48, mib / 6);
const LARGE_MIB = 64;
const HUGE_MIB = 1024;

const answers: Readonly<Record<string, { body: string; length?: string; status?: number }>> = {
  '/pieces': { body: 'one, two, three' },
  '/write': { body: 'one, two, three' },
  '/write-whole': { body: 'whole', length: '5' },
  '/exact': { body: 'exact', length: '5' },
  '/long': { body: 'exact', length: '5' },
  '/empty': { body: '' },
  '/no-content': { body: '', status: 204 },
  '/not-modified': { body: '', status: 304 },
  '/hints': { body: 'after the hints', length: '15' },
};

describeStreaming('validated', 1);
describeStreaming('application', 3);

function describeStreaming(app: string, threads: number): void {
  describe(`bodies of ${app} in ${threads} threads`, () => {
    let server: Server;
    let connection: KeepAlive;
    before(async function () {
      pythonSuite(this);
      server = await startPython(`streaming/streams:${app}`, { config: { threads } });
    });
    after(() => server?.stop({ expectErrors: ['request.failed'] }));
    beforeEach(async () => {
      connection = await openKeepAlive({ port: server.port });
    });
    afterEach(() => connection.close());
    const say = (line: string, ...fields: string[]) => [line, 'Host: a', ...fields, '', ''].join('\r\n');

    for (const [path, { body, length, status = 200 }] of Object.entries(answers)) {
      it(`GET ${path} has its body, and HEAD its head`, async () => {
        const get = await connection.request(path);
        expect([get.status, get.body, get.closes]).to.deep.equal([status, body, false]);
        const head = await rawRequest({ port: server.port }, say(`HEAD ${path} HTTP/1.1`, 'Connection: close'));
        expect(head).to.match(new RegExp(`^HTTP/1\\.1 (103 [^]*\r\n\r\nHTTP/1\\.1 )?${status} [^]*\r\n\r\n$`));
        if (length !== undefined) {
          expect(get.headers['content-length']).to.equal(length);
          expect(head).to.match(new RegExp(`\r\nContent-Length: ${length}\r\n`));
        }
        expect((await connection.request('/exact')).body).to.equal('exact');
      });
    }

    it('are cut where they are shorter than their Content-Length', async () => {
      expect(await rawRequest({ port: server.port }, say('GET /short HTTP/1.1'))).to.match(/\r\n\r\nshort$/);
    });

    it('go to HTTP/1.0 without chunks and without hints', async () => {
      const pieces = await rawRequest({ port: server.port }, say('GET /pieces HTTP/1.0'));
      expect(pieces)
        .to.match(/\r\n\r\none, two, three$/)
        .and.not.match(/chunked/i);
      expect(await rawRequest({ port: server.port }, say('GET /protocol HTTP/1.0'))).to.match(/\r\n\r\nHTTP\/1\.0$/);
      expect(await rawRequest({ port: server.port }, say('GET /hints HTTP/1.0'))).to.match(/^HTTP\/1\.1 200 /);
    });

    it('come behind early hints', async () => {
      const all = await rawRequest({ port: server.port }, say('GET /hints HTTP/1.1', 'Connection: close'));
      expect(all).to.match(
        /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>; rel=preload\r\nLink: <\/b\.js>; rel=preload\r\n\r\nHTTP\/1\.1 200 /,
      );
    });

    it('are asked for with 100 Continue', async () => {
      const client = await converse({ port: server.port });
      client.write(say('POST /upload HTTP/1.1', 'Expect: 100-continue', 'Content-Length: 5', 'Connection: close'));
      expect((await firstBytes(client)).toString()).to.equal('HTTP/1.1 100 Continue\r\n\r\n');
      client.write('hello');
      await client.closed;
      expect(client.received()).to.match(/\r\n\r\n5 5d41402abc4b2a76b9719d911017c592 5$/);
    });

    it('are read by lines', async () => {
      const { text } = await fetchText(server.url, { path: '/lines', body: 'one\ntwo two\nthree' });
      expect(text).to.equal("[b'one\\n', b'two ', [b'two\\n', b'three']]");
    });

    it('in chunks have their length where they came whole, and no length where they did not', async () => {
      const url = `${server.url}/upload`;
      const small = await upload(url, { bytes: 1_000, chunked: true });
      expect(small.text).to.equal(`1000 ${small.md5} 1000`);
      const large = await upload(url, { bytes: 3 * MIB, chunked: true });
      expect(large.text).to.equal(`${3 * MIB} ${large.md5} None`);
      const sized = await upload(url, { bytes: 3 * MIB + 1 });
      expect(sized.text).to.equal(`${3 * MIB + 1} ${sized.md5} ${3 * MIB + 1}`);
    });

    it('that are not read end the connection, or not, and nothing else', async () => {
      for (const size of [10, 100_000, 2 * MIB]) {
        const body = Buffer.alloc(size, 'x');
        const { text } = await fetchText(server.url, { path: '/ignore', body }).catch(() => ({ text: 'cut' }));
        expect(text).to.be.oneOf(['ignored', 'cut']);
      }
      expect((await connection.request('/exact')).body).to.equal('exact');
    });

    it('are answered while they come', async () => {
      const client = await converse({ port: server.port });
      client.write(say('POST /echo HTTP/1.1', `Content-Length: ${2 * MIB}`));
      client.write(Buffer.alloc(MIB, 'x'));
      await eventually(() => client.receivedBytes() > 512 * 1024);
      client.write(Buffer.alloc(MIB, 'x'));
      await eventually(() => client.received().endsWith('\r\n0\r\n\r\n'));
      client.socket.destroy();
    });

    it('wait for a client that does not read, and are closed when it leaves', async () => {
      const counts = async () => (await fetchText(server.url, { path: '/counts' })).text.split(' ').map(Number);
      const start = threads > 1 ? await counts() : [];
      const client = await converse({ port: server.port }, { isQuiet: true });
      client.socket.pause();
      client.write(say('GET /download?mib=1024 HTTP/1.1'));
      if (threads > 1) {
        // Nothing is made any more, long before the end.
        let made = Number.NaN;
        await eventually(
          async () => {
            const before = made;
            made = (await counts())[1] ?? 0;
            return made === before && made > (start[1] ?? 0);
          },
          { everyMs: 300 },
        );
        expect(made - (start[1] ?? 0)).to.be.below(MOST_HELD_BYTES);
      } else await eventually(() => client.socket.readableLength > 0);
      client.socket.resetAndDestroy();
      await eventually(async () => ((await counts())[0] ?? 0) > (start[0] ?? 0));
    });

    it(`of ${LARGE_MIB} MiB leave the memory of worker and process as it was`, async function () {
      if (process.platform !== 'linux') this.skip();
      for (const query of ['', '&sized=']) await expectFlatDownload(server, LARGE_MIB, query);
      for (const chunked of [false, true]) await expectFlatUpload(server, LARGE_MIB, { chunked });
    });
  });
}

describe('bodies', () => {
  before(function () {
    pythonSuite(this);
  });

  it('are the rest of a file, by wsgi.file_wrapper', async () => {
    const server = await startPython('streaming/streams');
    expect((await download(`${server.url}/file`)).bytes).to.equal(20 * 65_536);
    await server.stop();
  });

  it(`of ${HUGE_MIB} MiB, both ways, leave the memory as it was`, async function () {
    if (process.platform !== 'linux') this.skip();
    const server = await startPython('streaming/streams');
    await expectFlatDownload(server, HUGE_MIB);
    await expectFlatUpload(server, HUGE_MIB);
    await server.stop();
  });
});

async function processesOf(server: Server): Promise<number[]> {
  return [...server.workers(), Number((await fetchText(server.url, { path: '/pid' })).text)];
}

async function expectFlatDownload(server: Server, mib: number, query = ''): Promise<void> {
  let bytes = 0;
  const growth = await growthWhile(await processesOf(server), async () => {
    ({ bytes } = await download(`${server.url}/download?mib=${mib}${query}`));
  });
  expect(bytes).to.equal(mib * MIB);
  expect(Math.max(...growth), `${growth}`).to.be.below(mostGrowthMib(mib));
}

async function expectFlatUpload(server: Server, mib: number, options: { chunked?: boolean } = {}): Promise<void> {
  const bytes = mib * MIB;
  let said = { text: '', md5: '' };
  const growth = await growthWhile(await processesOf(server), async () => {
    said = await upload(`${server.url}/upload`, { bytes, ...options });
  });
  expect(said.text).to.match(new RegExp(`^${bytes} ${said.md5} `));
  expect(Math.max(...growth), `${growth}`).to.be.below(mostGrowthMib(mib));
}
