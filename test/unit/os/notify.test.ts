import { expect } from 'chai';
import { joined, type Notice } from '../../../src/os/notify.ts';

describe('joined', () => {
  it('keeps what happened in order', () => {
    const queue = [{ READY: '1' }, { RELOADING: '1' }, { READY: '1' }].reduce<Notice[]>(joined, []);
    expect(queue).to.deep.equal([{ READY: '1' }, { RELOADING: '1' }, { READY: '1' }]);
  });

  it('sends how things are with what happened last, and only the newest', () => {
    const news = [{ STATUS: 'a' }, { READY: '1', STATUS: 'b' }, { STATUS: 'c' }, { WATCHDOG: '1' }, { STATUS: 'd' }];
    expect(news.reduce<Notice[]>(joined, [])).to.deep.equal([
      { STATUS: 'a' },
      { READY: '1', STATUS: 'd', WATCHDOG: '1' },
    ]);
  });

  it('forgets the oldest before there are too many', () => {
    const many = Array.from({ length: 100 }, (_, index) => ({ READY: String(index) }));
    const queue = many.reduce<Notice[]>(joined, []);
    expect(queue).to.have.length(8);
    expect(queue.at(-1)).to.deep.equal({ READY: '99' });
  });
});
