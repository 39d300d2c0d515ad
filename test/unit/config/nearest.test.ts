import { expect } from 'chai';
import { editDistance, nearestName, plainName } from '../../../src/config/nearest.ts';
import { settingNames } from '../../../src/config/settings/index.ts';
import fc from '../../support/random.ts';

describe('plainName', () => {
  it('sees through every way to write a name', () => {
    const ways = ['max_requests', '--max-requests', 'MAX_REQUESTS', 'maxRequests', 'MaxRequests'];
    expect(new Set(ways.map(plainName))).to.deep.equal(new Set(['maxrequests']));
  });
});

describe('nearestName', () => {
  const cases: readonly [written: string, meant: string | undefined][] = [
    ['max_requests', 'maxRequests'],
    ['graceful-timeout', 'gracefulTimeout'],
    ['worksers', 'workers'],
    ['wokrers', 'workers'],
    ['worker', 'workers'],
    ['bnid', 'bind'],
    ['gracefulTimout', 'gracefulTimeout'],
    ['zzz', undefined],
    ['x', undefined],
    ['', undefined],
  ];
  for (const [written, meant] of cases) {
    it(`"${written}" is ${meant ?? 'nothing known'}`, () => expect(nearestName(written, settingNames)).to.equal(meant));
  }

  it('takes the nearest of several near ones, wherever it stands', () => {
    expect(nearestName('bind', ['bing', 'bind', 'bins'])).to.equal('bind');
  });

  it('does not guess what one or two letters mean', () => expect(nearestName('ab', ['abc', 'a'])).to.equal(undefined));

  it('finds every setting again after one slip', () => {
    const slip = fc.record({ name: fc.constantFrom(...settingNames), at: fc.nat(), letter: fc.constantFrom('x', 'q') });
    fc.assert(
      fc.property(slip, ({ name, at, letter }) => {
        const index = at % (name.length + 1);
        const written = name.slice(0, index) + letter + name.slice(index);
        expect(editDistance(plainName(written), plainName(nearestName(written, settingNames) ?? ''))).to.be.at.most(1);
      }),
    );
  });
});

describe('editDistance', () => {
  it('counts a swap of neighbours as one', () => expect(editDistance('bind', 'bnid')).to.equal(1));

  it('is zero for the same, symmetric, and never above the longer length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (left, right) => {
        const distance = editDistance(left, right);
        expect(distance).to.equal(editDistance(right, left));
        expect(distance === 0).to.equal(left === right);
        expect(distance).to.be.at.most(Math.max(left.length, right.length));
      }),
    );
  });
});
