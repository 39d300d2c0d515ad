import { expect } from 'chai';
import { logEvents } from '../../../src/logging/events.ts';

describe('logEvents', () => {
  for (const [name, { level, message }] of Object.entries(logEvents)) {
    it(`has a well-formed entry ${name}`, () => {
      expect(name).to.match(/^[a-z][A-Za-z]*\.[a-z][A-Za-z]*$/);
      expect(level).to.be.oneOf(['debug', 'info', 'warn', 'error']);
      expect(message).to.match(/^\p{L}[^\p{Cc}]*[^.\s]$/u);
    });
  }

  it('says no two events with the same words', () => {
    const messages = Object.values(logEvents).map(({ message }) => message);
    expect(new Set(messages).size).to.equal(messages.length);
  });
});
