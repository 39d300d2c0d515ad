import { expect } from 'chai';
import { readMemory } from '../../src/app/interfaces/wsgi/memory.ts';
import { growthWhile, MIB, upload } from '../support/bulk.ts';
import { converse } from '../support/conversation.ts';
import { eventually } from '../support/eventually.ts';
import type { Server } from '../support/server.ts';
import { pythonSuite, startPython } from '../support/wsgi-server.ts';

const UPLOADS = 400;
const UPLOAD_BYTES = 0.75 * MIB - 1;
/** Those come whole for which the bound has room. */
const LEAST_WAITING_MIB = 64;
/** The bound, what any connection may hold, and what V8 has not collected: far below the 300 MiB that come. Without a bound, 340 were seen. */
const MOST_GROWTH_MIB = 180;

describe('bodies that wait for a Python process', () => {
  let server: Server;
  before(async function () {
    pythonSuite(this);
    if (process.platform !== 'linux') this.skip();
    server = await startPython('streaming/streams');
  });
  after(() => server?.stop());

  it('are held in bounds, are all answered once the process is free, and leave room for others', async () => {
    const [worker = 0] = server.workers();
    const url = `${server.url}/upload`;
    // Its client has the only process wait.
    const holder = await converse({ port: server.port });
    const { socket } = holder;
    socket.write(`POST /upload HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${MIB}\r\n\r\n`);
    socket.write(Buffer.alloc(MIB - 1));
    const memory = async () => (await readMemory(worker)) ?? 0;
    const before = await memory();
    const [growth = Number.NaN] = await growthWhile([worker], async () => {
      const uploads = Array.from({ length: UPLOADS }, async (_, index) => {
        const { text, md5 } = await upload(url, { bytes: UPLOAD_BYTES, chunked: index % 2 === 0 });
        expect(text).to.match(new RegExp(`^${UPLOAD_BYTES} ${md5} `));
        return text.endsWith('None');
      });
      // Nothing is read any more, while clients still have something to send.
      let last = Number.NaN;
      const isAtRest = async () => {
        const previous = last;
        last = await memory();
        return last - before > LEAST_WAITING_MIB && Math.abs(last - previous) < 1;
      };
      await eventually(isAtRest, { everyMs: 300 });
      socket.write('x');
      // Of a chunked one that did not come whole nobody knows the length.
      expect(await Promise.all(uploads))
        .to.include(true)
        .and.include(false);
    });
    expect(growth).to.be.below(MOST_GROWTH_MIB);
    expect(holder.received()).to.match(/^HTTP\/1\.1 200 /);
    const large = await upload(url, { bytes: 300_000, chunked: true });
    expect(large.text, 'was gathered, so that its length is known').to.equal(`300000 ${large.md5} 300000`);
  });
});
