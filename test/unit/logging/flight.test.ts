import { expect } from 'chai';
import { linesLeft, redirect } from '../../../src/logging/flight.ts';

const flightAt = (written: number) => ({ fd: 3, bytes: Buffer.from('ab\ncd\nef\n'), written });

describe('linesLeft', () => {
  for (const [written, lines] of [
    [0, 3],
    [1, 3],
    [3, 2],
    [8, 1],
    [9, 0],
  ] as const) {
    it(`counts ${lines} after ${written} bytes`, () => {
      expect(linesLeft(flightAt(written))).to.equal(lines);
    });
  }
});

describe('redirect', () => {
  for (const [written, lost, goesOnAt] of [
    [0, 0, 0],
    [1, 1, 3],
    [2, 1, 3],
    [3, 0, 3],
    [7, 1, 9],
    [9, 0, 9],
  ] as const) {
    it(`goes on at byte ${goesOnAt} after ${written}, and costs ${lost}`, () => {
      const flight = flightAt(written);
      expect(redirect(flight, 4)).to.equal(lost);
      expect(flight).to.include({ fd: 4, written: goesOnAt });
    });
  }
});
