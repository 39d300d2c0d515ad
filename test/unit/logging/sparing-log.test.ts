import { expect } from 'chai';
import { logSparingly } from '../../../src/logging/sparing-log.ts';
import { eventually } from '../../support/eventually.ts';

describe('logSparingly', () => {
  const collect = (everyMs: number) => {
    const lines: unknown[] = [];
    const log = { event: (name: string, fields?: object) => void lines.push({ name, ...fields }) };
    return { lines, say: logSparingly<{ reason: string }>(log, 'request.refused', everyMs) };
  };

  it('logs the first one at once and a flood in one line, with the newest fields', async () => {
    const { lines, say } = collect(50);
    say({ reason: 'first' });
    expect(lines).to.deep.equal([{ name: 'request.refused', reason: 'first', count: 1 }]);
    for (let said = 1; said <= 1_000; said += 1) say({ reason: `reason ${said}` });
    expect(lines).to.have.length(1);
    await eventually(() => lines.length === 2);
    expect(lines[1]).to.deep.equal({ name: 'request.refused', reason: 'reason 1000', count: 1_000 });
  });

  it('logs at once again after a quiet time', async () => {
    const { lines, say } = collect(5);
    say({ reason: 'one' });
    await eventually(() => {
      const before = lines.length;
      say({ reason: 'two' });
      return lines.length > before;
    });
    expect(lines.length).to.be.at.least(2);
  });
});
