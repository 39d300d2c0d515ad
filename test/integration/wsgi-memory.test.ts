import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import { children } from '../support/process-tree.ts';
import type { Server } from '../support/server.ts';
import { pythonSuite, startPython } from '../support/wsgi-server.ts';

const MAX_MIB = 64;
/** What a process of the application has at most, the interpreter included. */
const MOST_MIB = 160;
/** Memory is looked at every 5 s. */
const REPLACED_WITHIN_MS = 12_000;

describe('maxMemory', () => {
  before(function () {
    pythonSuite(this);
    if (process.platform !== 'linux') this.skip();
  });

  for (const [processes, threads] of [
    [1, 1],
    [3, 2],
  ] as const) {
    it(`replaces those that grow, one at a time, and loses no request (processes: ${processes})`, async () => {
      const config = { processes, threads, maxMemory: MAX_MIB, logLevel: 'debug' };
      const server = await startPython('memory/keeps', { config });
      const old = pythonProcesses(server);
      const counts = countProcesses(server);
      const load = startLoad({
        target: { port: server.port },
        connections: 8,
        mode: 'keep-alive',
        expectBody: 'fine',
        pauseMs: 5,
      });
      const after = server.mark();
      const told = (event: string) => server.log.slice(after).filter((line) => line.event === event);
      await eventually(() => told('python.left').length >= processes, { timeoutMs: REPLACED_WITHIN_MS });
      const { lost, perStatus, ok } = await load.stop();
      counts.stop();

      const recycled = told('python.recycling');
      expect(recycled.slice(0, processes).map(({ pythonPid }) => pythonPid)).to.have.members(old);
      for (const { level, why, memoryMiB } of recycled) {
        expect({ level, why }).to.deep.equal({ level: 'info', why: 'maxMemory' });
        expect(memoryMiB).to.be.within(MAX_MIB + 1, MOST_MIB);
      }
      // An heir is ready before the one that it replaces leaves, and the next one comes after that.
      const steps = server.log.slice(after).flatMap(({ event }) => /^python\.(ready|left)$/.exec(event)?.[1] ?? []);
      expect(steps.slice(0, 2 * processes)).to.deep.equal(old.flatMap(() => ['ready', 'left']));
      expect(old.filter((pid) => pythonProcesses(server).includes(pid))).to.deep.equal([]);
      expect(counts.seen()).to.deep.equal([processes, processes + 1]);
      expect({ lost, statuses: Object.keys(perStatus) }).to.deep.equal({ lost: [], statuses: ['200'] });
      expect(ok).to.be.above(500);
      await server.stop();
    });
  }

  it('leaves alone what stays below it', async () => {
    const server = await startPython('memory/keeps', { config: { processes: 2, maxMemory: 1_024, logLevel: 'debug' } });
    const before = pythonProcesses(server);
    const load = startLoad({ target: { port: server.port }, connections: 4, mode: 'keep-alive', pauseMs: 5 });
    const beganMs = performance.now();
    await eventually(() => performance.now() - beganMs > 6_000, { timeoutMs: 7_000 });
    expect((await load.stop()).lost).to.deep.equal([]);
    expect(pythonProcesses(server)).to.deep.equal(before);
    expect(server.log.filter(({ event }) => event === 'python.recycling')).to.deep.equal([]);
    await server.stop();
  });
});

/** Looks again and again how many Python processes there are. */
function countProcesses(server: Server): { seen(): number[]; stop(): void } {
  const seen = new Set<number>();
  const timer = setInterval(() => seen.add(pythonProcesses(server).length), 20);
  return { seen: () => [...seen].sort((a, b) => a - b), stop: () => clearInterval(timer) };
}

function pythonProcesses(server: Server): number[] {
  const [zygote = 0] = children(server.workers()[0] ?? 0);
  return children(zygote);
}
