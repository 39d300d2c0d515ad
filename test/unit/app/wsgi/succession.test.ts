import { expect } from 'chai';
import {
  beginSuccession,
  plan,
  type Succession,
  type SuccessionAction,
  type SuccessionEvent,
  step,
} from '../../../../src/app/interfaces/wsgi/succession.ts';
import fc from '../../../support/random.ts';

const limits = { bootTimeoutMs: 60_000, gracefulTimeoutMs: 30_000 };

/** A succession with a clock that does what is planned. */
function start(count: number) {
  let nowMs = 1_000;
  let succession: Succession = beginSuccession(count, nowMs);
  const done: SuccessionAction[] = [];
  const take = (event: SuccessionEvent) => {
    succession = step(succession, event, { nowMs, jitter: 0, limits });
  };
  const perform = () => {
    for (let { actions } = plan(succession, nowMs); actions.length > 0; { actions } = plan(succession, nowMs)) {
      for (const action of actions) {
        done.push(action);
        take(action);
      }
    }
  };
  perform();
  return {
    on(type: 'ready' | 'gone' | 'retire', id: number) {
      take({ type, id });
      perform();
    },
    pass(ms: number) {
      nowMs += ms;
      perform();
    },
    /** What was done since the last call. */
    done: () => done.splice(0).map(({ type, id }) => `${type} ${id}`),
    wakeInMs: () => plan(succession, nowMs).wakeInMs,
    phases: () => succession.members.map(({ state }) => state.phase),
    members: () => succession.members,
  };
}

describe('plan', () => {
  it('forks all at once in the beginning', () => {
    const life = start(3);
    expect(life.done()).to.deep.equal(['fork 1', 'fork 2', 'fork 3']);
    for (const id of [1, 2, 3]) life.on('ready', id);
    expect(life.done()).to.deep.equal([]);
    expect(life.wakeInMs()).to.equal(null);
  });

  it('replaces one that dies at once', () => {
    const life = start(2);
    life.on('ready', 1);
    life.on('ready', 2);
    life.pass(100_000);
    life.done();
    life.on('gone', 1);
    expect(life.done()).to.deep.equal(['fork 3']);
    life.on('ready', 3);
    life.on('gone', 2);
    expect(life.done()).to.deep.equal(['fork 4']);
  });

  it('waits longer and longer, up to 30 s, where nothing boots', () => {
    const life = start(1);
    const waits = [];
    for (let id = 1; id <= 9; id += 1) {
      expect(life.done()).to.deep.equal([`fork ${id}`]);
      life.on('gone', id);
      const wakeInMs = life.phases().includes('due') ? life.wakeInMs() : 0;
      waits.push(wakeInMs);
      life.pass(wakeInMs ?? 0);
    }
    expect(waits).to.deep.equal([0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it('waits no longer than a second where they die only after they were ready', () => {
    const life = start(1);
    for (let id = 1; id <= 9; id += 1) {
      life.on('ready', id);
      life.on('gone', id);
      expect(life.wakeInMs()).to.be.oneOf([60_000, 500, 1_000]);
      life.pass(1_000);
    }
  });

  it('forgets failures once one served for 10 s', () => {
    const life = start(1);
    for (const id of [1, 2, 3]) {
      life.on('gone', id);
      life.pass(30_000);
    }
    life.on('ready', 4);
    life.pass(10_000);
    life.done();
    life.on('gone', 4);
    expect(life.done()).to.deep.equal(['fork 5']);
  });

  it('lets failures of one place delay no other', () => {
    const life = start(2);
    life.on('ready', 1);
    for (const id of [2, 3]) life.on('gone', id);
    life.done();
    life.on('gone', 1);
    expect(life.done()).to.deep.equal(['fork 5']);
  });

  it('kills what is not ready in time, and replaces it when it is gone', () => {
    const life = start(1);
    life.pass(59_999);
    expect(life.wakeInMs()).to.equal(1);
    life.done();
    life.pass(1);
    expect(life.done()).to.deep.equal(['kill 1']);
    life.on('ready', 1);
    expect(life.phases()).to.deep.equal(['killed']);
    life.on('gone', 1);
    expect(life.done()).to.deep.equal(['fork 2']);
  });

  it('has an heir ready before it releases one that retires', () => {
    const life = start(1);
    life.on('ready', 1);
    life.done();
    life.on('retire', 1);
    life.on('retire', 1);
    expect(life.done()).to.deep.equal(['fork 2']);
    life.on('ready', 2);
    expect(life.done()).to.deep.equal(['release 1']);
    life.pass(30_000);
    expect(life.done()).to.deep.equal(['kill 1']);
    life.on('gone', 1);
    expect(life.done()).to.deep.equal([]);
    expect(life.phases()).to.deep.equal(['ready']);
  });

  it('keeps one that retires while its heir fails', () => {
    const life = start(1);
    life.on('ready', 1);
    life.on('retire', 1);
    life.on('gone', 2);
    life.on('gone', 3);
    expect(life.phases()).to.deep.equal(['retiring', 'due']);
    life.pass(500);
    expect(life.phases()).to.deep.equal(['retiring', 'booting']);
  });

  it('lets the heir of one that died have its place', () => {
    const life = start(1);
    life.on('ready', 1);
    life.on('retire', 1);
    life.done();
    life.on('gone', 1);
    life.on('ready', 2);
    expect(life.done()).to.deep.equal([]);
    expect(life.members().map(({ heirOf }) => heirOf)).to.deep.equal([null]);
  });

  it('replaces an heir that dies while the one before it leaves', () => {
    const life = start(1);
    life.on('ready', 1);
    life.on('retire', 1);
    life.on('ready', 2);
    life.done();
    life.on('gone', 2);
    expect(life.done()).to.deep.equal(['fork 3']);
  });

  it('retires one at a time', () => {
    const life = start(3);
    for (const id of [1, 2, 3]) life.on('ready', id);
    life.done();
    for (const id of [1, 2, 3]) life.on('retire', id);
    expect(life.done()).to.deep.equal(['fork 4']);
    life.on('ready', 4);
    expect(life.done()).to.deep.equal(['release 1']);
    life.on('gone', 1);
    expect(life.done()).to.deep.equal(['fork 5']);
  });
});

describe('step', () => {
  it('never has more than one process too many, and never gives a place up', () => {
    const event = fc.record({
      type: fc.constantFrom('ready' as const, 'gone' as const, 'retire' as const, 'pass' as const),
      pick: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(event, { maxLength: 60 }), (count, events) => {
        const life = start(count);
        for (const { type, pick } of events) {
          const members = life.members().filter(({ state }) => state.phase !== 'due');
          const member = members[pick % Math.max(1, members.length)];
          if (type === 'pass') life.pass(pick * 3_000);
          else if (member !== undefined) life.on(type, member.id);
          const phases = life.phases();
          expect(phases.filter((phase) => phase !== 'due').length).to.be.at.most(count + 1);
          expect(phases.filter((phase) => phase !== 'leaving' && phase !== 'retiring').length).to.be.at.least(
            count - phases.filter((phase) => phase === 'retiring').length,
          );
          const waits = phases.some((phase) => phase === 'booting' || phase === 'leaving');
          if (waits) expect(life.wakeInMs()).to.be.above(0);
        }
      }),
    );
  });

  it('changes nothing for somebody unknown', () => {
    const succession = beginSuccession(1, 0);
    expect(step(succession, { type: 'gone', id: 9 }, { nowMs: 0, jitter: 0, limits })).to.equal(succession);
  });
});
