import { expect } from 'chai';
import { type Alarm, descriptorLimit, highWaterMark, watchDescriptors } from '../../../src/worker/descriptors.ts';
import { eventually } from '../../support/eventually.ts';

const sound = { isSound: () => true };

function watched(system: { limit: number | null; lowestFree(): number }, acceptors = [sound]) {
  const alarms: Alarm[] = [];
  const watch = watchDescriptors((alarm) => alarms.push(alarm), { ...system, everyMs: 5 });
  return { alarms, watch, begin: () => watch.watch(acceptors) };
}

describe('highWaterMark', () => {
  it('keeps an eighth, at least 8 and at most 256 descriptors', () => {
    expect([64, 128, 1_024, 20_000].map((limit) => limit - highWaterMark(limit))).to.deep.equal([8, 16, 128, 256]);
  });
});

describe('descriptorLimit', () => {
  it('is a number or none', () => {
    const limit = descriptorLimit();
    expect(limit === null || limit > 0).to.equal(true);
  });
});

describe('watchDescriptors', () => {
  it('raises one alarm at the mark, and not below it, nor before there is anything to watch', () => {
    const { alarms, watch, begin } = watched({ limit: 64, lowestFree: () => 20 });
    watch.accepted(60);
    begin();
    watch.accepted(55);
    expect(alarms).to.deep.equal([]);
    watch.accepted(56);
    watch.accepted(57);
    expect(alarms).to.deep.equal([{ why: 'descriptors', highest: 56, limit: 64 }]);
  });

  it('never does where there is no limit', () => {
    const { alarms, watch, begin } = watched({ limit: null, lowestFree: () => 1e9 });
    begin();
    watch.accepted(1e9);
    expect(alarms).to.deep.equal([]);
  });

  it('notices after a while what no connection shows: a leak, and a listener that was closed', async () => {
    const leaking = watched({ limit: 64, lowestFree: () => Number.POSITIVE_INFINITY });
    const deaf = watched({ limit: 64, lowestFree: () => 20 }, [sound, { isSound: () => false }]);
    leaking.begin();
    deaf.begin();
    await eventually(() => leaking.alarms.length === 1 && deaf.alarms.length === 1);
    expect(leaking.alarms).to.deep.equal([{ why: 'descriptors', highest: 63, limit: 64 }]);
    expect(deaf.alarms).to.deep.equal([{ why: 'listenerLost' }]);
  });
});
