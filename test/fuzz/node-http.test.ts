import { expect } from 'chai';
import fc from 'fast-check';
import { CASES } from './cases.ts';
import { type Difference, differencesOf } from './differences.ts';
import { createNodeDriver, type NodeDriver } from './drive-node.ts';
import { escaped } from './escaped.ts';
import { type KnownDifference, knownDifferences } from './known-differences.ts';
import { type Blindness, readConnection } from './reference-parser.ts';
import { connectionText, WIDE } from './requests.ts';

/** Cases within which a reader that overlooks something has to be found out. */
const CASES_TO_BITE = 5_000;

describe('the reference parser against node:http', () => {
  let node: NodeDriver;
  before(() => {
    node = createNodeDriver();
  });
  after(() => node.close());

  const differences = async (text: string, blindness: Blindness = 'none'): Promise<Difference[]> =>
    differencesOf(text, { ours: readConnection(text, { limits: WIDE, blindness }), node: await node.drive(text) });

  async function agree(text: string, blindness?: Blindness): Promise<void> {
    for (const difference of await differences(text, blindness)) {
      if (known(difference) === undefined) throw new Error(`${escaped(text)} has an unknown ${told(difference)}`);
    }
  }

  it('takes the same requests, with the same method, target, fields and body, but for the known differences', async function () {
    this.timeout(CASES * 10);
    await fc.assert(
      fc.asyncProperty(connectionText, (text) => agree(text)),
      { numRuns: CASES },
    );
  });

  for (const blindness of ['bareLineFeed', 'contentLengthWithTransferEncoding', 'bytesBehindChunk'] as const) {
    it(`finds a reader out that overlooks ${blindness}`, async () => {
      const run = await fc.check(
        fc.asyncProperty(connectionText, (text) => agree(text, blindness)),
        { numRuns: CASES_TO_BITE, seed: 1, endOnFailure: true },
      );
      expect(run.failed, 'whether the difference was found').to.equal(true);
    });
  }

  for (const { what, example, goneIn } of knownDifferences) {
    it(`differs: ${what}`, async () => {
      const whats = (await differences(example)).map((difference) => known(difference)?.what ?? told(difference));
      expect(whats, escaped(example)).to.deep.equal(goneIn !== undefined && isLlhttp(goneIn) ? [] : [what]);
    });
  }
});

function known(difference: Difference): KnownDifference | undefined {
  return knownDifferences.find((each) => each.applies(difference));
}

const told = ({ previous, bytes, ...rest }: Difference): string => `difference: ${JSON.stringify(rest)}`;

/** Whether the parser of this Node.js is that old or newer. */
function isLlhttp({ major, minor }: { major: number; minor: number }): boolean {
  const [ownMajor = 0, ownMinor = 0] = (process.versions.llhttp ?? '').split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
