import { expect } from 'chai';
import { tryConfigFile } from '../../../src/master/config-trial.ts';
import type { ProcessEvents, System } from '../../../src/os/system.ts';
import { thrownBy } from '../config/thrown.ts';

type Exit = Parameters<ProcessEvents['onExit']>[0];

const CLEAN: Exit = { code: 0, signal: null };

/** A system whose process says these messages to whatever it is sent, and ends as told; `null`: it runs until it is killed. */
function systemOf(says: readonly unknown[], exit: Exit | null) {
  const sent: object[] = [];
  const system: Pick<System, 'spawn'> = {
    spawn: (_spec, events) => ({
      pid: 1,
      send(message) {
        sent.push(message);
        for (const raw of says) events.onMessage(raw);
        if (exit !== null) setImmediate(events.onExit, exit);
      },
      signal: (name) => setImmediate(events.onExit, { code: null, signal: name }),
    }),
  };
  return { system, sent };
}

function attempt(says: readonly unknown[], exit: Exit | null, { path = '/srv/c.ts', limitMs = 60_000 } = {}) {
  const { system, sent } = systemOf(says, exit);
  const trying = () =>
    tryConfigFile({ path, source: 'the text' }, { system, cwd: '/srv', env: {}, withholdFds: [], limitMs });
  return { trying, sent };
}

describe('tryConfigFile', () => {
  it('sends the text, and is content when the process finds the file usable', async () => {
    const { trying, sent } = attempt([{ usable: true }], CLEAN);
    await trying();
    expect(sent).to.deep.equal([{ path: '/srv/c.ts', source: 'the text' }]);
  });

  it('starts no process for a file that is no program', async () => {
    for (const path of ['/srv/c.json', '/srv/c.yaml', '/srv/.tsunicornrc', '/srv/package.json']) {
      const { trying, sent } = attempt([], { code: 1, signal: null }, { path });
      await trying();
      expect(sent).to.deep.equal([]);
    }
  });

  const faulty: readonly [says: readonly unknown[], exit: Exit | null, why: RegExp][] = [
    [[{ usable: false, why: 'It throws.' }], CLEAN, /^It throws\.$/],
    [[{ usable: false, why: 'First.' }, { usable: true }], CLEAN, /^First\.$/],
    [[], { code: 0, signal: null }, /c\.ts: it ended the process .*\(exit code 0\)/],
    [[undefined, 'x', { usable: 1 }, { usable: false }], { code: 7, signal: null }, /\(exit code 7\)/],
    [[], { code: null, signal: 'SIGSEGV' }, /was ended by SIGSEGV/],
    [[], { code: null, signal: null, error: new Error('EAGAIN') }, /could not be started: EAGAIN/],
  ];
  for (const [says, exit, why] of faulty) {
    it(`refuses a file of which it hears ${JSON.stringify([says, exit])}`, async () => {
      const error = await thrownBy(attempt(says, exit).trying);
      expect(error.code).to.equal('CONFIG_UNREADABLE');
      expect(error.message).to.match(why);
    });
  }

  it('kills the process at the time limit', async () => {
    const error = await thrownBy(attempt([], null, { limitMs: 10 }).trying);
    expect(error.message).to.match(/c\.ts: it was still being evaluated after 0\.01 s \(bootTimeout\)/);
  });

  it('believes a process that said all and does not end', async () => {
    await attempt([{ usable: true }], null, { limitMs: 10 }).trying();
  });
});
