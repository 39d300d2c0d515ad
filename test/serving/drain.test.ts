import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { fetchText, type KeepAlive, openKeepAlive, rawRequest } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Server, startServer } from '../support/server.ts';
import { requestBytes } from '../support/target.ts';

const IDLE_MS = 1_000;
/** What a busy machine may add to a time limit. */
const SLACK_MS = 1_500;

describe('drain', () => {
  let dir: string;
  let gates = 0;
  let server: Server;

  /** A gate that is shut, and what opens it. */
  function newGate(): { query: string; open(): void } {
    gates += 1;
    const file = join(dir, `gate-${gates}`);
    return { query: `?file=${file}`, open: () => writeFileSync(file, '') };
  }

  /** Resolves when the worker that serves now drains; its successor accepts by then. */
  async function drainCurrentWorker(): Promise<{ workerPid: number; atMs: number }> {
    const after = server.mark();
    server.signal('SIGHUP');
    // The worker's own line: that of the master may be read before the worker was told.
    const { pid, time } = await server.event('drain.started', undefined, { after });
    // Its own time too: on a busy machine a line is read a good while after it was written.
    return { workerPid: pid, atMs: Date.parse(String(time)) };
  }

  async function gone(workerPid: number): Promise<void> {
    const { code, signal } = await server.event('worker.exited', (line) => line.workerPid === workerPid);
    expect({ code, signal }).to.deep.equal({ code: 0, signal: null });
  }

  /** Everything that was sent to the one worker before this has been read by it afterwards. */
  async function roundTrip(): Promise<void> {
    await fetchText(server.url);
  }

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'tsunicorn-drain-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  describe('of a worker that a reload replaces', () => {
    before(async () => {
      server = await startServer({
        app: 'apps/gated.mjs',
        config: { drainIdleTimeout: IDLE_MS / 1_000, logLevel: 'debug' },
      });
    });
    // Each test waits until the worker it drained is gone; a reload ends only after that.
    after(() => server.stop());

    it('answers the next request of an idle connection with Connection: close, then closes it', async () => {
      const connection = await openKeepAlive({ port: server.port });
      const before = await connection.request('/pid');
      expect(before.closes).to.equal(false);
      const { workerPid } = await drainCurrentWorker();
      const last = await connection.request('/pid');
      expect(last).to.include({ status: 200, closes: true, body: before.body });
      expect(await connection.closed).to.equal(null);
      await gone(workerPid);
    });

    it('closes connections that stay idle after drainIdleTimeout, and not before', async () => {
      const used = await openKeepAlive({ port: server.port });
      await used.request('/');
      const neverUsed = await openKeepAlive({ port: server.port });
      await roundTrip();
      const { workerPid, atMs } = await drainCurrentWorker();
      const closed = async ({ closed }: KeepAlive) => {
        expect(await closed).to.equal(null);
        return Date.now() - atMs;
      };
      const idleForMs = await Promise.all([closed(used), closed(neverUsed)]);
      // Both clocks are read in whole milliseconds.
      for (const idleMs of idleForMs) expect(idleMs).to.be.within(IDLE_MS - 2, IDLE_MS + SLACK_MS);
      await gone(workerPid);
    });

    it('answers a request that was in flight with Connection: close', async () => {
      const gate = newGate();
      const connection = await openKeepAlive({ port: server.port });
      const answer = connection.request(`/gate${gate.query}`);
      await roundTrip();
      const { workerPid } = await drainCurrentWorker();
      gate.open();
      expect(await answer).to.include({ status: 200, closes: true, body: 'through the gate\n' });
      expect(await connection.closed).to.equal(null);
      await gone(workerPid);
    });

    it('finishes an answer of which a part was sent', async () => {
      const gate = newGate();
      const connection = await openKeepAlive({ port: server.port });
      const answer = connection.request(`/gated-stream${gate.query}`);
      await roundTrip();
      const { workerPid } = await drainCurrentWorker();
      gate.open();
      expect((await answer).body).to.equal('before the gate\nafter the gate\n');
      expect(await connection.closed).to.equal(null);
      await gone(workerPid);
    });

    it('answers both of two pipelined requests, and only the last one closes', async () => {
      const gates = [newGate(), newGate()];
      const bytes = gates.map(({ query }) => requestBytes({ port: server.port }, { path: `/gate${query}` }));
      const answers = rawRequest({ port: server.port }, Buffer.concat(bytes), { timeoutMs: 10_000 });
      await roundTrip();
      const { workerPid } = await drainCurrentWorker();
      for (const gate of gates) gate.open();
      const text = await answers;
      expect(text.match(/through the gate/g)).to.have.length(2);
      expect(text.match(/^Connection: close\r$/gim)).to.have.length(1);
      expect(text.indexOf('Connection: close')).to.be.above(text.indexOf('through the gate'));
      await gone(workerPid);
    });

    it('waits for the rest of a request of which a part had come', async () => {
      const bytes = requestBytes({ port: server.port }, { path: '/pid' });
      const halves = [bytes.subarray(0, 20), bytes.subarray(20)] as const;
      const fresh = await openKeepAlive({ port: server.port });
      const used = await openKeepAlive({ port: server.port });
      const { body: pid } = await used.request('/pid');
      const idle = await openKeepAlive({ port: server.port });
      for (const connection of [fresh, used]) connection.write(halves[0]);
      await roundTrip();
      const { workerPid } = await drainCurrentWorker();
      // By then every idle connection was closed.
      await idle.closed;
      for (const connection of [fresh, used]) {
        expect(await connection.send(halves[1])).to.include({ status: 200, closes: true, body: pid });
        expect(await connection.closed).to.equal(null);
      }
      await gone(workerPid);
    });
  });

  it('cuts upgraded connections and requests that outlive gracefulTimeout, and the worker leaves in time', async () => {
    const graceMs = 3_000;
    server = await startServer({
      app: 'apps/upgrade.mjs',
      config: { gracefulTimeout: graceMs / 1_000, logLevel: 'debug' },
    });
    const upgraded = await openKeepAlive({ port: server.port });
    const headers = { Connection: 'Upgrade', Upgrade: 'echo' };
    expect((await upgraded.send(requestBytes({ port: server.port }, { headers }))).status).to.equal(101);
    const slow = await openKeepAlive({ port: server.port });
    const failure = slow.request('/slow?ms=60000').catch((error: Error) => error.message);
    await roundTrip();
    const { workerPid, atMs } = await drainCurrentWorker();
    await upgraded.closed;
    const openForMs = Date.now() - atMs;
    expect(await failure).to.match(/the connection ended/);
    await gone(workerPid);
    const goneAfterMs = Date.now() - atMs;
    // What is left is cut a little before the master would kill, so that the worker can say so.
    expect(openForMs).to.be.within(graceMs / 2, graceMs);
    expect(goneAfterMs).to.be.at.most(graceMs + 200);
    expect(server.log.find(({ event }) => event === 'drain.cut')).to.include({ connections: 2, pid: workerPid });
    await server.stop();
    expect(server.log.some(({ event }) => event === 'worker.killed')).to.equal(false);
  });

  it('of a worker that TERM asks to leave answers what is in flight, and it is replaced', async () => {
    server = await startServer({ app: 'apps/gated.mjs', config: { drainIdleTimeout: 0.2 } });
    const [oldPid = 0] = server.workers();
    const gate = newGate();
    const connection = await openKeepAlive({ port: server.port });
    const answer = connection.request(`/gate${gate.query}`);
    await roundTrip();
    process.kill(oldPid, 'SIGTERM');
    const { workerPid: newPid } = await server.event('worker.ready', ({ workerPid }) => workerPid !== oldPid);
    gate.open();
    expect((await answer).status).to.equal(200);
    expect(await connection.closed).to.equal(null);
    await gone(oldPid);
    await eventually(() => server.workers().length === 1);
    expect(server.workers()).to.deep.equal([newPid]);
    await server.stop();
  });
});
