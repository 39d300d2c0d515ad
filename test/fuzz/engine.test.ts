import { expect } from 'chai';
import fc from 'fast-check';
import { CASES } from './cases.ts';
import { createEngineDriver, type Driven } from './drive-engine.ts';
import { escaped } from './escaped.ts';
import { type Blindness, type Reading, readConnection } from './reference-parser.ts';
import { type FuzzCase, fuzzCase, NARROW, piecesOf, WIDE } from './requests.ts';

/** Cases within which a reader that overlooks something has to be found out. */
const CASES_TO_BITE = 2_000;

const drivers = new Map([WIDE, NARROW].map((limits) => [limits, createEngineDriver(limits)]));

describe('the engine against the reference parser', () => {
  it('reads the same requests and refuses with the same status, whole and in pieces', async function () {
    this.timeout(CASES * 10);
    await fc.assert(
      fc.asyncProperty(fuzzCase, (each) => agree(each)),
      { numRuns: CASES },
    );
  });

  for (const blindness of ['bareLineFeed', 'contentLengthWithTransferEncoding', 'bytesBehindChunk'] as const) {
    it(`finds a reader out that overlooks ${blindness}`, async () => {
      const run = await fc.check(
        fc.asyncProperty(fuzzCase, (each) => agree(each, blindness)),
        { numRuns: CASES_TO_BITE, seed: 1, endOnFailure: true },
      );
      expect(run.failed, 'whether the difference was found').to.equal(true);
    });
  }
});

async function agree({ text, limits, cuts }: FuzzCase, blindness: Blindness = 'none'): Promise<void> {
  const driver = drivers.get(limits) ?? createEngineDriver(limits);
  const wanted = shown(expected(readConnection(text, { limits, blindness })));
  const pieces = piecesOf(text, cuts);
  for (const sent of [[text], pieces]) {
    const driven = shown(await driver.drive(sent));
    if (driven !== wanted) expect(driven, sent.map(escaped).join(' + ')).to.equal(wanted);
  }
}

/** A text of its own is quicker to compare, and better to read where it differs. */
const shown = (driven: Driven): string => JSON.stringify(driven);

/** What a server does that reads as the reference does, and answers 200. */
function expected({ requests, end }: Reading): Driven {
  const statuses = requests.map(() => 200);
  if (end.kind === 'refused') statuses.push(end.status);
  return { requests, statuses, isEnded: end.kind !== 'waiting' };
}
