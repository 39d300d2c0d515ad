import { expect } from 'chai';
import type { LogEvent } from '../../../src/logging/events.ts';
import { createLoopLog } from '../../../src/master/loop-log.ts';
import { eventually } from '../../support/eventually.ts';

function recorded(lastsAfterMs: number) {
  const lines: [LogEvent, object][] = [];
  const log = createLoopLog({ event: (name, fields = {}) => void lines.push([name, fields]) }, lastsAfterMs);
  return { log, lines };
}

describe('createLoopLog', () => {
  it('tells of the first end at once, and of those that follow in one line', async () => {
    const { log, lines } = recorded(10);
    for (const workerId of [1, 2, 3]) log.failed({ failures: workerId, delayMs: 100, workerId, signal: 'SIGSEGV' });
    expect(lines).to.deep.equal([
      ['worker.crashLoop', { failures: 1, delayMs: 100, workerId: 1, signal: 'SIGSEGV', count: 1 }],
    ]);
    await eventually(() => lines.length === 2);
    expect(lines[1]?.[1]).to.deep.equal({ failures: 3, delayMs: 100, workerId: 3, signal: 'SIGSEGV', count: 2 });
  });

  it('tells of a worker that got ready when it has lasted, and of no other', async () => {
    const { log } = recorded(20);
    const told: number[] = [];
    for (const workerId of [1, 2]) log.ready(workerId, () => told.push(workerId));
    log.gone(1);
    expect(told).to.deep.equal([]);
    await eventually(() => told.length > 0);
    expect(told).to.deep.equal([2]);
  });
});
