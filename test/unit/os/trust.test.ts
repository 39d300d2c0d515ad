import { expect } from 'chai';
import { strangerTo } from '../../../src/os/trust.ts';

describe('strangerTo', () => {
  const cases: readonly (readonly [string, { uid?: number; gid?: number; mode: number }, unknown, unknown])[] = [
    ["root's own", { mode: 0o644 }, null, null],
    ['of another user, whatever its mode', { uid: 1000, mode: 0o400 }, 'owner', 'owner'],
    ['that everybody may write', { mode: 0o646 }, 'everybody', 'everybody'],
    ['that a group may write', { gid: 33, mode: 0o664 }, 'group', 'group'],
    ['that group 0 may write', { mode: 0o664 }, null, null],
    ['that is sticky', { gid: 33, mode: 0o1777 }, 'everybody', null],
    ['that is sticky, of another user', { uid: 1000, mode: 0o1777 }, 'owner', 'owner'],
  ];
  for (const [what, { uid = 0, gid = 0, mode }, file, directory] of cases) {
    it(`S1: knows who can change one ${what}`, () => {
      expect(strangerTo({ uid, gid, mode }, 'file'), 'a file').to.equal(file);
      expect(strangerTo({ uid, gid, mode }, 'directory'), 'a directory').to.equal(directory);
    });
  }
});
