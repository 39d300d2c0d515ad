import { expect } from 'chai';
import fc from 'fast-check';
import { CASES } from './cases.ts';
import { createEngineDriver, type Driven } from './drive-engine.ts';
import { escaped } from './escaped.ts';
import { type Blindness, type Reading, readConnection } from './reference-parser.ts';
import { type FuzzCase, fuzzCase, NARROW, piecesOf, WIDE } from './requests.ts';

/** Cases within which a reader that overlooks something has to be found out. */
const CASES_TO_BITE = 2_000;

const reading = new Map([WIDE, NARROW].map((limits) => [limits, createEngineDriver(limits, 'read')]));
const ignoring = new Map([WIDE, NARROW].map((limits) => [limits, createEngineDriver(limits, 'ignored')]));

describe('the engine against the reference parser', () => {
  it('reads the same requests and refuses with the same status, whole and in pieces', async function () {
    this.timeout(CASES * 10);
    await fc.assert(
      fc.asyncProperty(fuzzCase, (each) => agree(each)),
      { numRuns: CASES },
    );
  });

  it('takes nothing of a body for a request that the application does not read', async function () {
    this.timeout(CASES * 10);
    await fc.assert(
      fc.asyncProperty(fuzzCase, (each) => agreeOnHeads(each)),
      { numRuns: CASES / 4 },
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
  const driver = reading.get(limits) ?? createEngineDriver(limits, 'read');
  const wanted = shown(expected(readConnection(text, { limits, blindness })));
  const pieces = piecesOf(text, cuts);
  for (const sent of [[text], pieces]) {
    const driven = shown(await driver.drive(sent));
    if (driven !== wanted) expect(driven, sent.map(escaped).join(' + ')).to.equal(wanted);
  }
}

/** An early answer may be given to a request whose body never becomes whole, and may end a connection whose client waits for 100. */
async function agreeOnHeads({ text, limits, cuts }: FuzzCase): Promise<void> {
  const driver = ignoring.get(limits) ?? createEngineDriver(limits, 'ignored');
  const { requests } = readConnection(text, { limits });
  const heads = requests.map((request) => ({ ...request, body: '' }));
  const pieces = piecesOf(text, cuts);
  for (const sent of [[text], pieces]) {
    const driven = await driver.drive(sent);
    const label = sent.map(escaped).join(' + ');
    expect(driven.requests.length, label).to.be.at.most(heads.length + 1);
    if (!/100-continue/i.test(text)) expect(driven.requests.length, label).to.be.at.least(heads.length);
    const both = Math.min(heads.length, driven.requests.length);
    expect(driven.requests.slice(0, both), label).to.deep.equal(heads.slice(0, both));
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
