import { expect } from 'chai';
import { usableCpus } from '../../../src/os/cpus.ts';

/** A tree of files; all else is not there. */
type Tree = Readonly<Record<string, string>>;

const SELF = '/proc/self/cgroup';
const ROOT = '/sys/fs/cgroup';

function count(tree: Tree, runnableOn = 16): number {
  return usableCpus({ runnableOn, read: (path) => tree[path] ?? null });
}

describe('usableCpus', () => {
  const cases: readonly [situation: string, tree: Tree, cpus: number][] = [
    ['there is no cgroup', {}, 16],
    ['v2 sets no quota', { [SELF]: '0::/app.slice\n', [`${ROOT}/app.slice/cpu.max`]: 'max 100000\n' }, 16],
    ['v2 sets a quota', { [SELF]: '0::/app.slice\n', [`${ROOT}/app.slice/cpu.max`]: '300000 100000\n' }, 3],
    ['the quota is no whole number', { [SELF]: '0::/a\n', [`${ROOT}/a/cpu.max`]: '275000 100000\n' }, 2],
    ['the quota is below one CPU', { [SELF]: '0::/a\n', [`${ROOT}/a/cpu.max`]: '20000 100000\n' }, 1],
    ['the quota is above the mask', { [SELF]: '0::/a\n', [`${ROOT}/a/cpu.max`]: '3200000 100000\n' }, 16],
    ['the period is another one', { [SELF]: '0::/a\n', [`${ROOT}/a/cpu.max`]: '200000 50000\n' }, 4],
    [
      'a parent in v2 sets the tightest quota',
      {
        [SELF]: '0::/system.slice/web.slice/app.service\n',
        [`${ROOT}/system.slice/cpu.max`]: '800000 100000\n',
        [`${ROOT}/system.slice/web.slice/cpu.max`]: '200000 100000\n',
        [`${ROOT}/system.slice/web.slice/app.service/cpu.max`]: 'max 100000\n',
      },
      2,
    ],
    ['a container sees its own cgroup as the root', { [SELF]: '0::/\n', [`${ROOT}/cpu.max`]: '200000 100000\n' }, 2],
    [
      'a container is told the path of the host',
      { [SELF]: '0::/docker/0123\n', [`${ROOT}/cpu.max`]: '500000 100000\n' },
      5,
    ],
    ['its cgroup lies outside of the namespace', { [SELF]: '0::/../a\n', '/sys/fs/a/cpu.max': '100000 100000\n' }, 16],
    [
      'v1 sets a quota',
      {
        [SELF]: '5:memory:/docker/0123\n4:cpu,cpuacct:/docker/0123\n',
        [`${ROOT}/cpu,cpuacct/docker/0123/cpu.cfs_quota_us`]: '400000\n',
        [`${ROOT}/cpu,cpuacct/docker/0123/cpu.cfs_period_us`]: '100000\n',
      },
      4,
    ],
    [
      'v1 in a container, where only the mount is there',
      {
        [SELF]: '4:cpuacct,cpu:/docker/0123\n',
        [`${ROOT}/cpu/cpu.cfs_quota_us`]: '150000\n',
        [`${ROOT}/cpu/cpu.cfs_period_us`]: '50000\n',
      },
      3,
    ],
    [
      'a parent in v1 sets the tightest quota',
      {
        [SELF]: '1:cpu:/pod/box\n',
        [`${ROOT}/cpu/pod/cpu.cfs_quota_us`]: '200000\n',
        [`${ROOT}/cpu/pod/cpu.cfs_period_us`]: '100000\n',
        [`${ROOT}/cpu/pod/box/cpu.cfs_quota_us`]: '-1\n',
        [`${ROOT}/cpu/pod/box/cpu.cfs_period_us`]: '100000\n',
      },
      2,
    ],
    [
      'both are there, and v1 has the controller',
      {
        [SELF]: '2:cpuacct:/\n1:cpu:/box\n0::/\n',
        [`${ROOT}/cpu/box/cpu.cfs_quota_us`]: '600000\n',
        [`${ROOT}/cpu/box/cpu.cfs_period_us`]: '100000\n',
      },
      6,
    ],
    [
      'both are there, and v2 has the controller',
      { [SELF]: '1:name=systemd:/box\n0::/box\n', [`${ROOT}/unified/box/cpu.max`]: '700000 100000\n' },
      7,
    ],
    [
      'a cpuset is no cpu controller',
      {
        [SELF]: '3:cpuset:/box\n',
        [`${ROOT}/cpu/box/cpu.cfs_quota_us`]: '100000\n',
        [`${ROOT}/cpu/box/cpu.cfs_period_us`]: '100000\n',
      },
      16,
    ],
  ];
  for (const [situation, tree, cpus] of cases) {
    it(`is ${cpus} of 16 when ${situation}`, () => expect(count(tree)).to.equal(cpus));
  }

  for (const text of ['', 'max', '\0', '0 100000', '100000', '100000 0', '-5 100000', '1e5 100000', 'a b', '[] {}']) {
    it(`is not misled by a quota of ${JSON.stringify(text)}`, () => {
      const [quota = '', period = ''] = text.split(' ');
      expect(count({ [SELF]: '0::/a\n', [`${ROOT}/a/cpu.max`]: text })).to.equal(16);
      const v1 = { [`${ROOT}/cpu/a/cpu.cfs_quota_us`]: quota, [`${ROOT}/cpu/a/cpu.cfs_period_us`]: period };
      expect(count({ [SELF]: '1:cpu:/a\n', ...v1 })).to.equal(16);
    });
  }

  for (const text of ['', 'garbage', '0::', '::/', '0:/a', 'x::/a']) {
    it(`is not misled by ${JSON.stringify(text)} as its cgroup`, () => {
      expect(count({ [SELF]: text, [`${ROOT}/a/cpu.max`]: '100000 100000' })).to.equal(16);
    });
  }

  it('is 1 where nothing is left', () => expect(count({}, 0)).to.equal(1));

  it('counts those of this machine', () => {
    expect(usableCpus()).to.be.within(1, usableCpus({ read: () => null }));
  });
});
