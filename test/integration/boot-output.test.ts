import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { scratch } from '../support/scratch.ts';
import { runServer, startServer } from '../support/server.ts';

/** What the log file has of an event. */
function linesOf(path: string, event: string): Record<string, unknown>[] {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line)).filter((line) => line.event === event);
}

describe('a worker that ends before it is ready', () => {
  const files = scratch();

  it('W8: ended by the application itself, leaves in the log the place where that was, and what was written last', async () => {
    const errorLog = files.path('error.log');
    const result = await runServer({ app: 'broken/exits-telling.mjs', config: { errorLog } });
    expect(result.code).to.equal(3);
    expect(result.stdout).to.equal('connecting\n');
    const [line] = linesOf(errorLog, 'worker.bootFailed');
    expect(line).to.include({ level: 'error', output: 'connecting\ncannot reach the database at db:5432\n' });
    expect(line?.reason).to.match(
      /^The worker exited with code 9 before .* Something in the application ended the process:\n {4}at \S+exits-telling\.mjs:3:9$/,
    );
  });

  it('W8: that hangs until bootTimeout, leaves what was written last', async () => {
    const errorLog = files.path('error.log');
    const config = { errorLog, bootTimeout: 2 };
    const result = await runServer({ app: 'broken/hangs-telling.mjs', config });
    expect(result.code).to.equal(3);
    const [line] = linesOf(errorLog, 'worker.bootTimeout');
    expect(line?.output).to.equal('waiting for the database at db:5432\n');
  });

  it('W8: ended by a signal of the system, leaves the likely reason', async () => {
    const errorLog = files.path('error.log');
    const told = files.path('boot');
    writeFileSync(told, 'well');
    const config = { errorLog };
    const server = await startServer({
      ...{ app: 'apps/boots-as-told.mjs', config, waitFor: null },
      env: { BOOT_FILE: told },
    });
    await eventually(() => linesOf(errorLog, 'server.ready').length === 1, { timeoutMs: 15_000 });
    const [first = 0] = server.workers();
    writeFileSync(told, 'hang');
    process.kill(first, 'SIGKILL');
    await eventually(() => server.workers().length === 1 && !server.workers().includes(first));
    process.kill(server.workers()[0] ?? 0, 'SIGKILL');
    await eventually(() => linesOf(errorLog, 'worker.bootFailed').length === 1);
    const [line] = linesOf(errorLog, 'worker.bootFailed');
    expect(line?.signal).to.equal('SIGKILL');
    expect(line?.reason).to.match(
      /^The worker was ended by SIGKILL before .* Most likely: out of memory\? The kernel's/,
    );
    writeFileSync(told, 'well');
    await server.stop();
  });
});
