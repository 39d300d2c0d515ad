import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { type LoadOptions, type LoadReport, type LossReason, startLoad } from '../../support/load.ts';
import type { Target } from '../../support/target.ts';
import { type Behaviour, type Planted, plantHttp, plantRaw, WHOLE } from './planted.ts';

type Shape = Omit<LoadOptions, 'target' | 'connections' | 'mode'> & Partial<Pick<LoadOptions, 'connections' | 'mode'>>;

/** Loads the server until the count is as wanted, and stops. */
async function loadUntil(
  server: { target: Target },
  wanted: (report: LoadReport) => boolean,
  shape: Shape = {},
): Promise<LoadReport> {
  const load = startLoad({ target: server.target, connections: 2, mode: 'keep-alive', ...shape });
  try {
    await eventually(() => wanted(load.report()), { timeoutMs: 2_000, everyMs: 2 });
  } finally {
    await load.stop();
  }
  const report = await load.stop();
  expect(report.sent).to.equal(report.ok + report.non2xx + report.lost.length);
  return report;
}

const reasons = (report: LoadReport): LossReason[] => [...new Set(report.lost.map(({ why }) => why))];

describe('startLoad', () => {
  let server: Planted;
  afterEach(() => server.close());

  describe('counts nothing as lost when', () => {
    it('a server answers and keeps connections', async () => {
      server = await plantHttp((_req, res) => res.end('hello'));
      const report = await loadUntil(server, ({ ok }) => ok >= 200, { expectBody: 'hello' });
      expect(report).to.include({ non2xx: 0, reconnects: 0 });
      expect(report.lost).to.deep.equal([]);
      expect(server.peers).to.have.length(2);
    });

    it('a server streams chunks with an interim answer and trailers', async () => {
      const parts = [
        'HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n',
        '\r\n5;x=y\r',
        '\nhel',
      ];
      const all = [...parts, 'lo\r\n1\r\n', '!\r\n0\r\nX-End: 1\r\n\r\n'];
      server = await plantRaw((socket) => {
        for (const part of all) socket.write(part);
      });
      const report = await loadUntil(server, ({ ok }) => ok >= 20, { expectBody: 'hello!' });
      expect(report.lost).to.deep.equal([]);
    });

    it('a server says Connection: close and closes', async () => {
      server = await plantHttp((_req, res) => res.setHeader('Connection', 'close').end('hello'));
      const report = await loadUntil(server, ({ ok }) => ok >= 20);
      expect(report.lost).to.deep.equal([]);
      expect(report.reconnects).to.be.at.least(18);
    });

    it('a server closes a connection on which no request is on its way', async () => {
      server = await plantRaw((socket) => socket.end(WHOLE));
      const report = await loadUntil(server, ({ ok }) => ok >= 6, { pauseMs: 10 });
      expect(report.lost).to.deep.equal([]);
      expect(report.reconnects).to.be.at.least(4);
    });

    it('each request has a connection of its own, from several source addresses', async () => {
      server = await plantHttp((req, res) => res.end(String(req.headers.connection)));
      const sourceAddresses = ['127.0.0.2', '127.0.0.3'];
      const shape = { mode: 'new-connection', expectBody: 'close', sourceAddresses } as const;
      const report = await loadUntil(server, ({ ok }) => ok >= 20, shape);
      expect(report.lost).to.deep.equal([]);
      expect(server.peers.length).to.equal(report.sent);
      expect(new Set(server.peers)).to.deep.equal(new Set(sourceAddresses));
    });

    it('a body of 16 KiB is sent and comes back', async () => {
      server = await plantHttp(async (req, res) => res.end(await buffer(req)));
      const body = Buffer.alloc(16_384, 'x');
      const report = await loadUntil(server, ({ ok }) => ok >= 20, { request: { body }, expectBody: body });
      expect(report.lost).to.deep.equal([]);
    });

    it('it is stopped while a request is on its way', async () => {
      server = await plantHttp((_req, res) => setTimeout(() => res.end('late'), 60));
      const report = await loadUntil(server, ({ sent }) => sent === 2);
      expect(report).to.include({ sent: 2, ok: 2 });
    });

    it('the status is no 2xx', async () => {
      server = await plantHttp((_req, res) => res.writeHead(503).end('busy'));
      const report = await loadUntil(server, ({ non2xx }) => non2xx >= 4);
      expect(report.ok).to.equal(0);
      expect(report.perStatus[503]).to.equal(report.non2xx);
      expect(report.lost).to.deep.equal([]);
    });
  });

  describe('counts as lost', () => {
    const second =
      (fault: (socket: Parameters<Behaviour>[0]) => void): Behaviour =>
      (socket, request) => {
        if (request === 0) socket.write(WHOLE);
        else fault(socket);
      };
    const says = (text: string): Behaviour => second((socket) => socket.write(text));
    const cut = (text: string): Behaviour => second((socket) => socket.end(text));
    const faults: Record<string, { behave: Behaviour; why: LossReason; bytesReceived?: number; errno?: string }> = {
      'a kept-alive connection destroyed when the next request arrives': {
        behave: second((socket) => socket.destroy()),
        why: 'closed before an answer',
        bytesReceived: 0,
      },
      'an idle connection closed without Connection: close as the next request leaves': {
        behave: (socket) => socket.end(WHOLE),
        why: 'closed before an answer',
      },
      'a reset': { behave: second((socket) => socket.resetAndDestroy()), why: 'reset', errno: 'ECONNRESET' },
      'a body cut short': {
        behave: cut('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel'),
        why: 'closed within an answer',
        bytesReceived: 41,
      },
      'a head cut short': {
        behave: cut('HTTP/1.1 200 OK\r\nConte'),
        why: 'closed within an answer',
        bytesReceived: 22,
      },
      'chunks without their end': {
        behave: cut('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'),
        why: 'closed within an answer',
      },
      'an answer that has no length': { behave: cut('HTTP/1.1 200 OK\r\n\r\nhello'), why: 'malformed' },
      'an answer with two lengths': {
        behave: says('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'),
        why: 'malformed',
      },
      'lengths that differ': {
        behave: says('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx'),
        why: 'malformed',
      },
      'bytes after the answer': { behave: says(`${WHOLE}!`), why: 'malformed' },
      'a chunk of another size than it says': {
        behave: says('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n'),
        why: 'malformed',
      },
      'a bare LF in the head': { behave: says('HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'), why: 'malformed' },
      'another body than expected': {
        behave: says('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nworld'),
        why: 'malformed',
      },
      'an answer that never comes': { behave: second(() => {}), why: 'timeout', bytesReceived: 0 },
    };
    for (const [name, { behave, why, ...details }] of Object.entries(faults)) {
      it(name, async () => {
        server = await plantRaw(behave);
        const shape = { timeoutMs: why === 'timeout' ? 20 : 2_000, connections: 1, expectBody: 'hello' };
        const report = await loadUntil(server, ({ lost }) => lost.length > 0, shape);
        expect(reasons(report)).to.deep.equal([why]);
        expect(report.lost[0]).to.include({ afterRequests: 1, ...details });
        expect(report.ok).to.be.at.least(1);
      });
    }

    it('a connection of its own that is closed before an answer', async () => {
      server = await plantRaw((socket) => socket.destroy());
      const report = await loadUntil(server, ({ lost }) => lost.length > 1, { mode: 'new-connection' });
      expect(reasons(report)).to.deep.equal(['closed before an answer']);
      expect(report.ok).to.equal(0);
    });

    it('a connection that is refused', async () => {
      server = await plantRaw(() => {});
      await server.close();
      const report = await loadUntil(server, ({ lost }) => lost.length > 1);
      expect(report.lost[0]).to.include({ why: 'refused', errno: 'ECONNREFUSED', afterRequests: 0 });
    });

    it('a unix socket where nobody listens', async () => {
      server = await plantRaw(() => {});
      const target = { unixPath: join(tmpdir(), `nobody-listens-${process.pid}`) };
      const report = await loadUntil({ target }, ({ lost }) => lost.length > 0);
      expect(report.lost[0]).to.include({ why: 'refused', errno: 'ENOENT' });
    });
  });

  it('rejects when the client itself has no address to send from', async () => {
    server = await plantRaw((socket) => socket.write(WHOLE));
    const load = startLoad({
      target: server.target,
      connections: 1,
      mode: 'keep-alive',
      sourceAddresses: ['192.0.2.1'],
    });
    await load.stop().then(
      () => expect.fail('it resolved'),
      (error: Error) => expect(error.message).to.include('its count is void'),
    );
  });
});
