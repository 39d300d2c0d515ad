import { expect } from 'chai';
import { parseResidentMiB, readMemory } from '../../../../src/app/interfaces/wsgi/memory.ts';

describe('parseResidentMiB', () => {
  it('reads proc_pid_status(5)', () => {
    expect(parseResidentMiB('Name:\tpython3\nVmHWM:\t   99999 kB\nVmRSS:\t   10752 kB\nRssAnon:\t 1 kB\n')).to.equal(
      10.5,
    );
    expect(parseResidentMiB('Name:\tpython3\nState:\tZ (zombie)\n')).to.equal(null);
  });
});

describe('readMemory', () => {
  it('gives what this process has, and null for one that is not there', async function () {
    if (process.platform !== 'linux') this.skip();
    expect(await readMemory(process.pid)).to.be.within(20, 10_000);
    expect(await readMemory(0x7fff_ffff)).to.equal(null);
  });
});
