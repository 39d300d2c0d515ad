import { expect } from 'chai';
import { openKeepAlive } from '../support/client.ts';
import { connectToEach, replacementReady } from '../support/each-worker.ts';
import { eventually } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import { startServer } from '../support/server.ts';

describe('workers', () => {
  it('W1: one that is killed loses its own connections only, and is replaced', async () => {
    const server = await startServer({ app: 'apps/hello.mjs', flags: ['-w', '4'] });
    const connections = await connectToEach(server);
    const [victim = 0, ...others] = server.workers();
    const load = startLoad({ target: { port: server.port }, connections: 8, mode: 'keep-alive' });
    await eventually(() => load.report().ok >= 200);
    const after = server.mark();
    process.kill(victim, 'SIGKILL');
    await replacementReady(server, after);
    const atReady = load.report().ok;
    await eventually(() => load.report().ok >= atReady + 200);
    const { lost, non2xx } = await load.stop();
    // Each connection that the victim had can lose the request in flight, and no other request.
    expect(lost.length).to.be.at.most(8);
    expect(lost.every(({ why }) => why === 'reset' || why.startsWith('closed'))).to.equal(true);
    expect(non2xx).to.equal(0);
    for (const pid of others) expect((await connections.get(pid)?.request('/pid'))?.body).to.equal(String(pid));
    await connections.get(victim)?.closed;
    const now = server.workers();
    expect(now).to.have.length(4).and.include.members(others);
    const crashes = server.log.filter(({ event }) => event === 'worker.crashed');
    expect(crashes.map(({ workerPid, signal }) => [workerPid, signal])).to.deep.equal([[victim, 'SIGKILL']]);
    for (const connection of connections.values()) connection.close();
    await server.stop({ expectErrors: ['worker.crashed'] });
  });

  it('W2: can all die at once: the listener stays, and who connects meanwhile is answered later', async () => {
    const server = await startServer({ app: 'apps/hello.mjs', flags: ['-w', '3'] });
    const workers = server.workers();
    for (const pid of workers) process.kill(pid, 'SIGKILL');
    await eventually(() => !server.workers().some((pid) => workers.includes(pid)), { everyMs: 1 });
    const connections = await Promise.all(Array.from({ length: 20 }, () => openKeepAlive({ port: server.port })));
    const answers = await Promise.all(connections.map((connection) => connection.request('/')));
    expect(answers.map(({ status }) => status)).to.deep.equal(Array.from({ length: 20 }, () => 200));
    await eventually(() => server.workers().length === 3);
    for (const connection of connections) connection.close();
    await server.stop({ expectErrors: ['worker.crashed'] });
  });
});
