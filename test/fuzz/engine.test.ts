import { expect } from 'chai';
import fc from 'fast-check';
import { CASES } from './cases.ts';
import { createEngineDriver, type Driven } from './drive-engine.ts';
import { type Reading, readConnection } from './reference-parser.ts';
import { fuzzCase, NARROW, piecesOf, WIDE } from './requests.ts';

const drivers = new Map([WIDE, NARROW].map((limits) => [limits, createEngineDriver(limits)]));

describe('the engine against the reference parser', () => {
  it('reads the same requests and refuses with the same status, whole and in pieces', async function () {
    this.timeout(CASES * 10);
    await fc.assert(
      fc.asyncProperty(fuzzCase, async ({ text, limits, cuts }) => {
        const driver = drivers.get(limits) ?? createEngineDriver(limits);
        const wanted = expected(readConnection(text, { limits }));
        expect(shown(await driver.drive([text])), 'whole').to.equal(shown(wanted));
        expect(shown(await driver.drive(piecesOf(text, cuts))), 'in pieces').to.equal(shown(wanted));
      }),
      { numRuns: CASES },
    );
  });
});

/** A text of its own is quicker to compare, and better to read where it differs. */
const shown = (driven: Driven): string => JSON.stringify(driven);

/** What a server does that reads as the reference does, and answers 200. */
function expected({ requests, end }: Reading): Driven {
  const statuses = requests.map(() => 200);
  if (end.kind === 'refused') statuses.push(end.status);
  return { requests, statuses, isEnded: end.kind !== 'waiting' };
}
