import { expect } from 'chai';
import { DAEMON_VARIABLE, daemonMark, takeDaemonOrigin } from '../../../src/os/daemon-mark.ts';

const ids = { pid: 4712, ppid: 4711 };

describe('takeDaemonOrigin', () => {
  it('believes only what the process says that started this one, and takes all else away', () => {
    const originIn = (text: string) => takeDaemonOrigin({ [DAEMON_VARIABLE]: text }, ids);
    expect(originIn(daemonMark('started', 4711))).to.equal('started');
    expect(originIn(daemonMark('succeeds', 4711))).to.equal('succeeds');
    for (const text of ['1', 'true', '', '4711', 'started:4712', 'started:', 'started:4711 ']) {
      const env = { [DAEMON_VARIABLE]: text };
      expect(takeDaemonOrigin(env, ids), text).to.equal(null);
      expect(env).to.deep.equal({});
    }
    expect(takeDaemonOrigin({}, ids)).to.equal(null);
  });

  it('leaves word for a server that takes its place', () => {
    const env = { [DAEMON_VARIABLE]: daemonMark('started', 4711) };
    takeDaemonOrigin(env, ids);
    expect(takeDaemonOrigin(env, { pid: 4713, ppid: 4712 })).to.equal('succeeds');
    expect(takeDaemonOrigin(env, { pid: 4714, ppid: 4713 })).to.equal('succeeds');
  });
});
