import { expect } from 'chai';
import { fetchText, rawRequest } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { connectTo } from '../../support/target.ts';
import { chunked, get, head } from './case.ts';
import { askCounts } from './counts.ts';

/** Generous: a quadratic parser takes minutes. */
const LINEAR_WITHIN_MS = 50_000;
const CLOSE = 'Connection: close';

/** What is more than bytes and answers: aborts, resets, cost, the two fields of every answer. */
export function describeBehaviour(portNow: () => number, { gathersBodies }: { gathersBodies: boolean }): void {
  const alive = async () => {
    const { status } = await fetchText(`http://127.0.0.1:${portNow()}`, { path: '/alive' });
    expect(status).to.equal(200);
  };

  describe('a broken body', () => {
    const BROKEN: readonly (readonly [name: string, framing: string, rest: string | null])[] = [
      ['a bad chunk size', 'Transfer-Encoding: chunked', 'zz\r\n'],
      ['a bad end of a chunk', 'Transfer-Encoding: chunked', '1\r\naXX'],
      ['a forbidden trailer', 'Transfer-Encoding: chunked', '0\r\nHost: b\r\n\r\n'],
      ['an end before the last chunk', 'Transfer-Encoding: chunked', null],
      ['an end before Content-Length', 'Content-Length: 9', null],
    ];
    for (const [name, framing, rest] of BROKEN) {
      it(`${gathersBodies ? 'never reaches the application' : "fails the application's read"}: ${name}`, async () => {
        const port = portNow();
        const before = await askCounts(port);
        const socket = connectTo({ port }).on('error', () => {});
        const start = framing.startsWith('C') ? 'hello' : '5\r\nhello\r\n';
        socket.write(head('POST /must-fail HTTP/1.1', framing) + start);
        // The application is reading by the time that this is answered.
        await alive();
        if (rest === null) socket.end();
        else socket.write(rest);
        if (gathersBodies) await new Promise((resolve) => socket.once('close', resolve).resume());
        else {
          await eventually(async () => (await askCounts(port)).failedReads > before.failedReads, {
            until: 'the read failed',
          });
        }
        socket.destroy();
        const { failedReads, cleanEnds } = await askCounts(port);
        expect(cleanEnds).to.equal(before.cleanEnds);
        if (gathersBodies) expect(failedReads).to.equal(before.failedReads);
      });
    }
  });

  describe('reset', () => {
    const MOMENTS: readonly (readonly [name: string, bytes: string])[] = [
      ['at once', ''],
      ['within a request line', 'GET / HT'],
      ['within a head', 'GET / HTTP/1.1\r\nHost: a\r\n'],
      ['before a body', head('POST / HTTP/1.1', 'Content-Length: 5')],
      ['within a chunk', chunked('5\r\nhel')],
      ['before a slow answer', head('GET /delay HTTP/1.1')],
      ['before a large answer', head('GET /large HTTP/1.1')],
      ['before a stream', head('GET /stream HTTP/1.1')],
      ['behind pipelined requests', head('GET /delay HTTP/1.1') + get() + get()],
      ['behind a refused request', 'GET / HTTP/1.1\n'],
    ];
    for (const [name, bytes] of MOMENTS) {
      it(`${name} harms nobody`, async () => {
        for (let round = 0; round < 5; round += 1) {
          const socket = connectTo({ port: portNow() }).on('error', () => {});
          await new Promise<void>((resolve) => socket.once('connect', resolve));
          await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
          // With and without a turn of the loop in between.
          if (round % 2 === 1) await new Promise(setImmediate);
          socket.resetAndDestroy();
        }
        await alive();
      });
    }

    for (const how of ['resets', 'closes'] as const) {
      it(`ends an endless answer when the client ${how}`, async () => {
        const port = portNow();
        const { aborts } = await askCounts(port);
        const socket = connectTo({ port }).on('error', () => {});
        socket.write(head('GET /endless HTTP/1.1'));
        await new Promise<void>((resolve) => socket.once('data', () => resolve()));
        if (how === 'resets') socket.resetAndDestroy();
        else socket.destroy();
        await eventually(async () => (await askCounts(port)).aborts === aborts + 1, {
          until: 'the application saw the abort',
        });
      });
    }
  });

  describe('cost', () => {
    const FLOODS: readonly (readonly [name: string, bytes: () => string, statuses: readonly string[]])[] = [
      ['a million chunks of one byte', () => chunkedClose('1\r\na\r\n'.repeat(1_000_000) + LAST), ['200']],
      ['64 KiB of chunk extension', () => chunkedClose(`1;${'a'.repeat(65_536)}\r\na\r\n${LAST}`), ['400', '413']],
      ['64 KiB of chunk size', () => chunkedClose('0'.repeat(65_536)), ['400', '413']],
      ['white space in a value', () => get(`X: a${' '.repeat(8_000)}b`, CLOSE), ['200']],
      [
        'white space in a value of many fields',
        () => get(...Array.from({ length: 4 }, () => `X: ${' \t'.repeat(3_900)}a`), CLOSE),
        ['200'],
      ],
      ['commas in Transfer-Encoding', () => get(`Transfer-Encoding: ${','.repeat(8_000)}`), ['400', '501']],
      ['commas in Connection', () => get(`Connection: ${' ,'.repeat(4_000)}close`), ['200', '400']],
      ['a thousand pipelined requests', () => get().repeat(1_000) + get(CLOSE), ['200']],
      ['a million empty lines', () => '\r\n'.repeat(1_000_000), ['400', '414', '431']],
    ];
    for (const [name, bytes, statuses] of FLOODS) {
      it(`stays linear: ${name}`, async () => {
        const startedMs = performance.now();
        const received = await rawRequest({ port: portNow() }, Buffer.from(bytes(), 'latin1'), {
          timeoutMs: LINEAR_WITHIN_MS,
        });
        expect(statuses).to.include(/^HTTP\/1\.1 (\d+)/.exec(received)?.[1]);
        expect(performance.now() - startedMs).to.be.lessThan(LINEAR_WITHIN_MS);
      });
    }
  });

  describe('date, server', () => {
    const CHECKED: readonly (readonly [name: string, bytes: string])[] = [
      ['an answer', get(CLOSE)],
      ['a refusal', 'GET / HTTP/1.1\r\n\r\n'],
      ["an application's failure", head('GET /throw HTTP/1.1', CLOSE)],
    ];
    for (const [name, bytes] of CHECKED) {
      it(`stand in ${name}`, async () => {
        const received = await rawRequest({ port: portNow() }, bytes);
        const dates = [...received.matchAll(/^Date: (.*)\r$/gim)].map((match) => match[1] ?? '');
        expect(dates).to.have.length(1);
        expect(dates[0]).to.match(/^(Sun|Mon|Tue|Wed|Thu|Fri|Sat), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/);
        expect(Math.abs(Date.parse(dates[0] ?? '') - Date.now())).to.be.lessThan(3_000);
        const servers = [...received.matchAll(/^Server: (.*)\r$/gim)].map((match) => match[1]);
        expect(servers).to.deep.equal(['tsunicorn']);
      });
    }
  });
}

const LAST = '0\r\n\r\n';

function chunkedClose(body: string): string {
  return head('POST / HTTP/1.1', 'Transfer-Encoding: chunked', CLOSE) + body;
}
