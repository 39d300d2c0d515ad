import { expect } from 'chai';
import { createCourtesy } from '../../../src/listener/courtesy.ts';

function watched() {
  const state = { open: 0, nowMs: 0, naps: 0 };
  const courtesy = createCourtesy({
    openConnections: () => state.open,
    nowMs: () => state.nowMs,
    nap: () => {
      state.naps += 1;
    },
  });
  return { state, courtesy };
}

describe('createCourtesy', () => {
  it('naps after each connection of a burst', () => {
    const { state, courtesy } = watched();
    for (state.open = 1; state.open <= 32; state.open += 1) courtesy.accepted();
    expect(state.naps).to.equal(32);
  });

  it('does not nap for connections that come and go below the height that was reached', () => {
    const { state, courtesy } = watched();
    for (state.open = 1; state.open <= 16; state.open += 1) courtesy.accepted();
    for (let round = 0; round < 1_000; round += 1) {
      state.open = 8 + (round % 8);
      courtesy.accepted();
    }
    expect(state.naps).to.equal(16);
  });

  it('forgets the height after a second, so that the next burst is shared too', () => {
    const { state, courtesy } = watched();
    for (state.open = 1; state.open <= 16; state.open += 1) courtesy.accepted();
    state.nowMs = 1_001;
    for (state.open = 1; state.open <= 16; state.open += 1) courtesy.accepted();
    expect(state.naps).to.equal(32);
  });
});
