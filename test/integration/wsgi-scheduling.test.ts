import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { fetchText, openKeepAlive } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import type { Server } from '../support/server.ts';
import { pythonSuite, startPython } from '../support/wsgi-server.ts';

/** One request, all times on the machine's monotonic clock. */
interface Run {
  readonly pid: number;
  readonly sentMs: number;
  readonly beginMs: number;
  readonly endMs: number;
}

const clockMs = () => Number(process.hrtime.bigint()) / 1e6;
/** What it may take from an answer to the begin of the next request: two changes of process, on a busy machine. */
const CHANGE_MS = 15;
/** Requests that were sent within this time may be read in any order. */
const ORDER_MS = 5;

describe('requests to Python processes', () => {
  let server: Server;
  before(function () {
    pythonSuite(this);
  });

  /** Clients of which each sends a request as soon as the last one is answered; request number n takes `msOf(n)`. */
  async function runs(options: { clients: number; requests: number; msOf(index: number): number }): Promise<Run[]> {
    const done: Run[] = [];
    let sent = 0;
    const client = async () => {
      const connection = await openKeepAlive({ port: server.port });
      while (sent < options.requests) {
        const ms = options.msOf(sent++);
        const sentMs = clockMs();
        const { body } = await connection.request(`/?ms=${ms}`);
        const { pid, beginMs, endMs } = JSON.parse(body);
        done.push({ pid, beginMs, endMs, sentMs });
      }
      connection.close();
    };
    await Promise.all(Array.from({ length: options.clients }, client));
    return done;
  }

  for (const clients of [8, 3]) {
    it(`wait for no busy process while another is free: about 50 ms each, ${clients} clients, 2 processes`, async () => {
      server = await startPython('scheduling/timed', { config: { processes: 2 } });
      // The durations differ, so that processes get free at different times.
      const all = await runs({ clients, requests: 60, msOf: (index) => [50, 20, 80][index % 3] ?? 0 });
      expect(new Set(all.map(({ pid }) => pid)).size).to.equal(2);
      const wasted = all.map((run) => Math.max(0, waitedInVain(run, all) - CHANGE_MS));
      // One request too many in a process makes it a fifth of them; a hiccup of a busy machine, some.
      expect(wasted.filter((ms) => ms > 0).length, JSON.stringify(wasted)).to.be.at.most(6);
      await server.stop();
    });
  }

  it('that take no time are in the process before it asks for them', async () => {
    server = await startPython('scheduling/timed', { config: { processes: 1 } });
    const waits = async () => Number(JSON.parse((await fetchText(server.url, { path: '/waits' })).text).waits);
    const load = startLoad({ target: { port: server.port }, connections: 32, mode: 'keep-alive' });
    await eventually(() => load.report().ok >= 1_000);
    const [before, okBefore] = [await waits(), load.report().ok];
    await eventually(() => load.report().ok >= okBefore + 3_000);
    const [after, okAfter] = [await waits(), load.report().ok];
    expect((await load.stop()).lost).to.deep.equal([]);
    // With one request at a time, its process would wait once for each.
    expect((after - before) / (okAfter - okBefore)).to.be.below(0.5);
    await server.stop();
  });

  it('that find no process within queueTimeout get 503, and those that are gone are not begun', async () => {
    server = await startPython('faults/faulty', { config: { processes: 1, queueTimeout: 1 } });
    const gate = join(server.dir, 'gate');
    const slow = fetchText(server.url, { path: `/slow?when=${gate}` });
    await eventually(() => statSync(`${gate}.begun`).size === 1);
    const beganMs = performance.now();
    const gone = await openKeepAlive({ port: server.port });
    gone.write(`GET /slow?when=${gate} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const { status } = await fetchText(server.url);
    expect(status).to.equal(503);
    expect(performance.now() - beganMs).to.be.within(1_000, 3_000);
    gone.reset();
    writeFileSync(gate, '');
    expect((await slow).status).to.equal(200);
    expect((await fetchText(server.url)).status).to.equal(200);
    expect(statSync(`${gate}.begun`).size).to.equal(1);
    await server.stop();
  });

  for (const fault of ['/sigkill', '/sys-exit', '/close-descriptors']) {
    it(`that wait behind one that ends its process by ${fault} are answered by another one`, async () => {
      server = await startPython('faults/faulty', { config: { processes: 1 } });
      const load = startLoad({
        target: { port: server.port },
        connections: 16,
        mode: 'keep-alive',
        expectBody: 'fine',
      });
      await eventually(() => load.report().ok >= 500);
      const gate = join(server.dir, 'gate');
      const killer = fetchText(server.url, { path: `${fault}?when=${gate}` });
      await eventually(() => statSync(`${gate}.begun`).size === 1);
      const { sent, ok } = load.report();
      expect(sent - ok).to.equal(16);
      writeFileSync(gate, '');
      expect((await killer).status).to.be.oneOf([500, 502]);
      await eventually(() => load.report().ok >= ok + 500);
      const { lost, non2xx } = await load.stop();
      expect([lost.length, non2xx]).to.deep.equal([0, 0]);
      await server.stop({ expectErrors: ['python.crashed', 'request.failed'] });
    });
  }
});

/**
 * For how long this one waited although another process could have begun it: that one began a request that was sent later. (Clients send
 * as soon as they are answered, so no process is ever idle for long.)
 */
function waitedInVain(run: Run, all: readonly Run[]): number {
  const overtook = all.filter(({ sentMs, beginMs }) => sentMs > run.sentMs + ORDER_MS && beginMs < run.beginMs);
  return Math.max(0, ...overtook.map(({ beginMs }) => run.beginMs - beginMs));
}
