import { expect } from 'chai';
import { createInbox } from '../../../src/master/inbox.ts';

describe('createInbox', () => {
  it('gives everything that came, in order, and each report once', async () => {
    const inbox = createInbox();
    inbox.push({ type: 'fileChanged', path: 'a' });
    inbox.push({ type: 'fileChanged', path: 'b' });
    expect(await inbox.take(60_000)).to.deep.equal([
      { type: 'fileChanged', path: 'a' },
      { type: 'fileChanged', path: 'b' },
    ]);
    expect(await inbox.take(0)).to.deep.equal([]);
  });

  it('wakes a waiting reader at once', async () => {
    const inbox = createInbox();
    const taken = inbox.take(60_000);
    inbox.push({ type: 'signal', name: 'SIGHUP' });
    expect(await taken).to.deep.equal([{ type: 'signal', name: 'SIGHUP' }]);
  });

  it('comes back empty when the time is over', async () => {
    expect(await createInbox().take(5)).to.deep.equal([]);
  });
});
