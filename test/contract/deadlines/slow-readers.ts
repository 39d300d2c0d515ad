import { connect } from 'node:net';
import { expect } from 'chai';
import { converse } from '../../support/conversation.ts';
import { eventually } from '../../support/eventually.ts';
import { type Server, startServer } from '../../support/server.ts';
import { expectOnTime, socketsOf } from './ending.ts';
import { get } from './requests.ts';
import type { Subject } from './subject.ts';

const WRITE_MS = 800;
const KEEP_ALIVE_MS = 500;
const LARGE_MIB = 64;
const WHOLE_MIB = 32;
/** A reader that takes a piece in this time needs some seconds for the whole answer. */
const PIECE_EVERY_MS = 8;
/** The connection may be there for this long before it is first looked at. */
const SEEN_LATE_MS = 50;

/** Clients that are slow to take what they wanted. */
export function describeSlowReaders({ served }: Subject): void {
  let server: Server;
  before(async () => {
    const config = {
      ...{ writeTimeout: WRITE_MS / 1_000, keepAlive: KEEP_ALIVE_MS / 1_000 },
      ...{ accessLog: '-', logFormat: 'json' },
    };
    server = await startServer({ ...served, config });
  });
  after(() => server.stop());

  /** How long the server keeps the connection that `open` makes. */
  async function keptMs(open: () => { destroy(): unknown }): Promise<number> {
    const before = socketsOf(server);
    const client = open();
    await eventually(() => socketsOf(server) === before + 1, { everyMs: 5 });
    const sinceMs = performance.now();
    await eventually(() => socketsOf(server) === before, { timeoutMs: 10_000, everyMs: 5 });
    const elapsedMs = performance.now() - sinceMs;
    client.destroy();
    return elapsedMs;
  }

  const accessLines = (): Record<string, unknown>[] =>
    server.stdoutText
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));

  describe('writeTimeout', () => {
    for (const path of [`/large?mib=${LARGE_MIB}`, '/whole?mib=8']) {
      it(`ends the connection of a client that does not read ${path}, and tells of it`, async () => {
        const after = server.mark();
        const before = accessLines().length;
        const kept = await keptMs(() => {
          const socket = connect({ port: server.port, host: '127.0.0.1' })
            .on('error', () => {})
            .pause();
          socket.write(get(path));
          return socket;
        });
        expectOnTime(kept + SEEN_LATE_MS, WRITE_MS);
        const refused = await server.event('request.refused', undefined, { after });
        expect(refused).to.deep.include({ level: 'info', status: 408, reason: 'answer not read for too long' });
        expect(refused).to.deep.include({ clientAddress: '127.0.0.1', count: 1 });
        await eventually(() => accessLines().length > before, { until: 'the request is in the access log' });
        const [line] = accessLines().slice(before);
        expect(line).to.include({ method: 'GET', path: path.split('?')[0], status: 200 });
        expect(line?.responseBytes).to.be.within(1, LARGE_MIB * 1_048_576 - 1);
      });
    }

    it('is not prolonged by a few bytes now and then', async () => {
      const kept = await keptMs(() => slowReader(server.port, { bytes: 20, everyMs: 50 }));
      expectOnTime(kept + SEEN_LATE_MS, WRITE_MS);
    });

    for (const fields of [[], ['Connection: close']]) {
      it(`leaves alone a client that gets on, however long it takes (${fields[0] ?? 'keep-alive'})`, async () => {
        const conversation = await converse({ port: server.port }, { isQuiet: true });
        const { socket } = conversation;
        socket.on('data', () => {
          socket.pause();
          setTimeout(() => socket.resume(), PIECE_EVERY_MS);
        });
        const sinceMs = performance.now();
        conversation.write(get(`/whole?mib=${WHOLE_MIB}`, ...fields));
        const { errno } = await conversation.closed;
        expect({ errno, isWhole: conversation.receivedBytes() > WHOLE_MIB * 1_048_576 }).to.deep.equal({
          errno: null,
          isWhole: true,
        });
        expect(performance.now() - sinceMs).to.be.greaterThan(3 * WRITE_MS);
      });
    }
  });
}

/** Asks for a large answer and takes `bytes` of it at a time. */
function slowReader(port: number, options: { bytes: number; everyMs: number }) {
  const onread = { buffer: Buffer.alloc(options.bytes), callback: () => false };
  const socket = connect({ port, host: '127.0.0.1', onread }).on('error', () => {});
  socket.write(get(`/large?mib=${LARGE_MIB}`));
  const timer = setInterval(() => socket.resume(), options.everyMs);
  socket.once('close', () => clearInterval(timer));
  return socket;
}
