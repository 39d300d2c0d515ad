import { expect } from 'chai';
import { createStandingFields } from '../../../src/http/standing.ts';

describe('createStandingFields', () => {
  const NOTHING = { hasDate: false, hasServer: false };
  const MIDNIGHT_MS = Date.UTC(2026, 0, 1);
  const date = (text: string) => `Date: ${text}\r\n`;

  it('leaves out what the application gave', () => {
    const fields = createStandingFields('s', () => MIDNIGHT_MS);
    const now = date('Thu, 01 Jan 2026 00:00:00 GMT');
    expect(fields.text(null)).to.equal(`${now}Server: s\r\n`);
    expect(fields.text(NOTHING)).to.equal(`${now}Server: s\r\n`);
    expect(fields.text({ hasDate: true, hasServer: false })).to.equal('Server: s\r\n');
    expect(fields.text({ hasDate: false, hasServer: true })).to.equal(now);
    expect(fields.text({ hasDate: true, hasServer: true })).to.equal('');
    expect(createStandingFields(null, () => MIDNIGHT_MS).text(NOTHING)).to.equal(now);
  });

  it('follows the clock by the second, backwards too', () => {
    let nowMs = MIDNIGHT_MS + 999;
    const fields = createStandingFields(null, () => nowMs);
    expect(fields.text(null)).to.equal(date('Thu, 01 Jan 2026 00:00:00 GMT'));
    nowMs += 1;
    expect(fields.text(null)).to.equal(date('Thu, 01 Jan 2026 00:00:01 GMT'));
    nowMs -= 3_600_000;
    expect(fields.text(null)).to.equal(date('Wed, 31 Dec 2025 23:00:01 GMT'));
  });
});
