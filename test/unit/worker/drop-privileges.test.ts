import { expect } from 'chai';
import { dropPrivileges, type IdentityCalls, statusFaults } from '../../../src/worker/drop-privileges.ts';

const wanted = { uid: 33, gid: 33, groups: [33, 4], name: 'www-data' };

/** A process in which everything works, but for what is said. */
function calls(unlike: Partial<IdentityCalls> = {}): IdentityCalls & { readonly made: readonly string[] } {
  const made: string[] = [];
  let isRoot = true;
  const demand = (what: string) => {
    if (!isRoot) throw Object.assign(new Error(`EPERM: ${what}`), { code: 'EPERM' });
    made.push(what);
  };
  return {
    made,
    setgroups: (groups) => demand(`setgroups ${groups}`),
    setgid: (gid) => demand(`setgid ${gid}`),
    setuid(uid) {
      demand(`setuid ${uid}`);
      isRoot = uid === 0;
    },
    seteuid: (uid) => demand(`seteuid ${uid}`),
    setegid: (gid) => demand(`setegid ${gid}`),
    ...{ getuid: () => 33, geteuid: () => 33, getgid: () => 33, getegid: () => 33, getgroups: () => [4, 33] },
    ...unlike,
  };
}

function sentenceOf(unlike: Partial<IdentityCalls>): string {
  try {
    dropPrivileges(wanted, calls(unlike));
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return 'nothing was thrown';
}

describe('dropPrivileges', () => {
  it('S3: takes the groups first, then the group, then the user', () => {
    const all = calls();
    // The threads of this very process are root's, which it must notice.
    expect(() => dropPrivileges(wanted, all)).to.throw();
    expect(all.made).to.deep.equal(['setgroups 33,4', 'setgid 33', 'setuid 33']);
  });

  const cases: readonly (readonly [string, Partial<IdentityCalls>, RegExp])[] = [
    ['a call that is refused', { setgid: () => fail('EPERM') }, /in group 33, and so does not start: EPERM\.$/],
    ['a real user that stays', { getuid: () => 0 }, /its user is 0, not 33/],
    ['an effective user that stays', { geteuid: () => 0 }, /its effective user is 0, not 33/],
    ['a group that stays', { getgid: () => 0 }, /its group is 0, not 33/],
    ['an effective group that stays', { getegid: () => 0 }, /its effective group is 0, not 33/],
    ['a group too many', { getgroups: () => [0, 4, 33] }, /its groups are 0 4 33/],
    ['a group too few', { getgroups: () => [33] }, /its groups are 33/],
    ['a way back to root', { seteuid: () => {} }, /it could become effective user 0 again/],
    ['a way back to its group', { setegid: () => {} }, /it could become effective group 0 again/],
    ['a way to other groups', { setgroups: () => {} }, /it could become a member of other groups again/],
  ];
  for (const [what, unlike, sentence] of cases) {
    it(`S3: fails at ${what}`, () => expect(sentenceOf(unlike)).to.match(sentence));
  }

  if (process.platform === 'linux') {
    it('S3: fails at a thread that the kernel still calls by another user', () => {
      expect(sentenceOf({})).to.match(/thread \d+: Uid is \d+/);
    });
  }
});

describe('statusFaults', () => {
  const text = (lines: Readonly<Record<string, string>> = {}) => {
    const all = {
      ...{ Uid: '33\t33\t33\t33', Gid: '33\t33\t33\t33', Groups: '4 33 ' },
      ...{
        CapInh: '0000000000000000',
        CapPrm: '0000000000000000',
        CapEff: '0000000000000000',
        CapAmb: '0000000000000000',
      },
      ...lines,
    };
    return Object.entries(all)
      .map(([name, value]) => `${name}:\t${value}`)
      .join('\n');
  };

  it('S3: finds nothing where all is as it should be', () => {
    expect(statusFaults(text(), wanted)).to.deep.equal([]);
    expect(statusFaults(text({ Groups: '4' }), wanted), 'its own group need not be listed').to.deep.equal([]);
  });

  for (const [name, value] of Object.entries({
    Uid: '33\t33\t0\t33',
    Gid: '33\t33\t33\t0',
    Groups: '0 4 33',
    CapPrm: '0000000000000400',
    CapEff: '000001ffffffffff',
    CapAmb: '0000000000000001',
  })) {
    it(`S3: finds a wrong ${name}, and says it`, () => {
      expect(statusFaults(text({ [name]: value }), wanted)).to.deep.equal([`${name} is ${value}`]);
    });
  }

  it('S3: takes what is missing for wrong', () => {
    expect(statusFaults('', wanted)).to.have.length(6);
  });
});

function fail(text: string): never {
  throw new Error(text);
}
