import { expect } from 'chai';
import { growthWhile, MIB, upload } from '../support/bulk.ts';
import { fetchText } from '../support/client.ts';
import type { Server } from '../support/server.ts';
import { pythonSuite, startPython } from '../support/wsgi-server.ts';

const UPLOADS = 400;
const UPLOAD_BYTES = 0.75 * MIB - 1;
/** The bound of 64 MiB, up to 128 KiB that any connection may hold, and what V8 has not collected: far below the 300 MiB that come. */
const MOST_GROWTH_MIB = 180;

describe('bodies that wait for a Python process', () => {
  let server: Server;
  before(async function () {
    pythonSuite(this);
    server = await startPython('slow_clients_mjs');
  });
  after(() => server?.stop());

  it('are held in bounds, and are all answered once the process is free', async function () {
    if (process.platform !== 'linux') this.skip();
    const pid = server.workers()[0] ?? 0;
    const counted = new Map<string, number>();
    const [growth = Number.NaN] = await growthWhile([pid], async () => {
      const busy = fetchText(server.url, { path: '/wait?ms=2500' });
      await Promise.all(
        Array.from({ length: UPLOADS }, async (_, index) => {
          const { text } = await upload(`${server.url}/read`, { bytes: UPLOAD_BYTES, chunked: index % 2 === 0 });
          counted.set(text, (counted.get(text) ?? 0) + 1);
        }),
      );
      await busy;
    });
    expect([...counted]).to.deep.equal([[`read ${UPLOAD_BYTES}`, UPLOADS]]);
    expect(growth).to.be.below(MOST_GROWTH_MIB);
  });
});
