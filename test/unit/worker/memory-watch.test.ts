import { expect } from 'chai';
import { createMemoryWatch } from '../../../src/worker/memory-watch.ts';

const MIB = 1_048_576;

function watch(maxMemoryMiB: number | null, sizes: readonly number[]) {
  const told: number[] = [];
  let index = 0;
  const look = createMemoryWatch({
    maxMemoryMiB,
    residentBytes: () => (sizes[index++] ?? 0) * MIB,
    outgrown: (memoryMiB) => told.push(memoryMiB),
  });
  for (const _ of sizes) look();
  return told;
}

describe('createMemoryWatch', () => {
  it('tells once, when it is above the limit', () => {
    expect(watch(100, [99, 100, 100.5, 120, 130])).to.deep.equal([101]);
  });

  it('tells nothing without a limit', () => expect(watch(null, [10_000])).to.deep.equal([]));
});
