import { expect } from 'chai';
import { notifyTarget, takeManagerVariables } from '../../../src/os/service-manager.ts';

describe('takeManagerVariables', () => {
  it('takes them out of the environment, and nothing else', () => {
    const env = {
      PATH: '/bin',
      LISTEN_PID: '1',
      LISTEN_FDS: '2',
      NOTIFY_SOCKET: '@n',
      WATCHDOG_USEC: '3',
      LISTENER: 'x',
    };
    expect(takeManagerVariables(env)).to.deep.equal({
      LISTEN_PID: '1',
      LISTEN_FDS: '2',
      NOTIFY_SOCKET: '@n',
      WATCHDOG_USEC: '3',
    });
    expect(env).to.deep.equal({ PATH: '/bin', LISTENER: 'x' });
  });
});

describe('notifyTarget', () => {
  const PID = 4711;

  it('is null where nobody waits', () => {
    expect(notifyTarget({}, PID)).to.equal(null);
    expect(notifyTarget({ NOTIFY_SOCKET: '', WATCHDOG_USEC: '1000' }, PID)).to.equal(null);
  });

  it('has a watchdog where WATCHDOG_PID is this process, or nobody', () => {
    const socket = '/run/systemd/notify';
    const watchdogOf = (variables: object) => notifyTarget({ NOTIFY_SOCKET: socket, ...variables }, PID)?.watchdogMs;
    expect(notifyTarget({ NOTIFY_SOCKET: socket }, PID)).to.deep.equal({ socket, watchdogMs: null });
    expect(watchdogOf({ WATCHDOG_USEC: '30000000' })).to.equal(30_000);
    expect(watchdogOf({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '4711' })).to.equal(30_000);
    expect(watchdogOf({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '4712' })).to.equal(null);
    for (const WATCHDOG_USEC of ['', '0', '-1', '1s', '1e6', '9'.repeat(20)]) {
      expect(watchdogOf({ WATCHDOG_USEC }), WATCHDOG_USEC).to.equal(null);
    }
  });
});
