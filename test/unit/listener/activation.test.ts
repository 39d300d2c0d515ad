import { expect } from 'chai';
import { TsunicornError } from '../../../src/errors.ts';
import { type PassingVariables, passedSockets } from '../../../src/listener/activation.ts';
import type { Descriptor } from '../../../src/listener/listening-socket.ts';

const PID = 4711;
const listening: Descriptor = { is: 'listening', address: { kind: 'tcp', host: '::', port: 80 } };

function passed(variables: PassingVariables, descriptors: Readonly<Record<number, Descriptor>> = {}) {
  return passedSockets(variables, { pid: PID, inspect: (fd) => descriptors[fd] ?? listening });
}

function faults(...parameters: Parameters<typeof passed>): readonly string[] {
  try {
    passed(...parameters);
  } catch (error) {
    if (error instanceof TsunicornError) return [`${error.code} ${error.exitCode}`, ...error.faults];
  }
  return [];
}

describe('passedSockets', () => {
  it('names the descriptors from 3 up', () => {
    expect(passed({ LISTEN_PID: '4711', LISTEN_FDS: '3' })).to.deep.equal(['fd://3', 'fd://4', 'fd://5']);
    expect(passed({ LISTEN_PID: '4711', LISTEN_FDS: '1', LISTEN_FDNAMES: 'web' })).to.deep.equal(['fd://3']);
  });

  it('takes nothing that is meant for another process, or where there is nothing', () => {
    const strangers = ['', '1', '47110', ' 4711', '0x1267', '4711.0'];
    for (const LISTEN_PID of strangers) expect(passed({ LISTEN_PID, LISTEN_FDS: 'x' }), LISTEN_PID).to.deep.equal([]);
    expect(passed({ LISTEN_FDS: '1' })).to.deep.equal([]);
    expect(passed({ LISTEN_PID: '4711' })).to.deep.equal([]);
    expect(passed({ LISTEN_PID: '4711', LISTEN_FDS: '0', LISTEN_FDNAMES: '' })).to.deep.equal([]);
  });

  it('takes a socket that the tables do not show: the unit may have a network of its own', () => {
    expect(passed({ LISTEN_PID: '4711', LISTEN_FDS: '1' }, { 3: { is: 'unknown' } })).to.deep.equal(['fd://3']);
  });

  it('refuses what is no number of sockets', () => {
    for (const LISTEN_FDS of ['', '-1', '1e1', '257', '99999', ' 1', '0x1', 'all']) {
      expect(faults({ LISTEN_PID: '4711', LISTEN_FDS }), LISTEN_FDS).to.deep.equal([
        'PASSED_SOCKET 1',
        `LISTEN_FDS is "${LISTEN_FDS}", but must be a number of sockets, 256 at most.`,
      ]);
    }
  });

  it('refuses every descriptor that is none of them, by its name', () => {
    const variables = { LISTEN_PID: '4711', LISTEN_FDS: '4', LISTEN_FDNAMES: 'web:admin::log' };
    const descriptors: Readonly<Record<number, Descriptor>> = {
      4: { is: 'other', what: 'a pipe' },
      5: { is: 'other', what: 'not open' },
    };
    expect(faults(variables, descriptors)).to.deep.equal([
      'PASSED_SOCKET 1',
      'Descriptor 4 ("admin") is a pipe.',
      'Descriptor 5 is not open.',
    ]);
  });
});
