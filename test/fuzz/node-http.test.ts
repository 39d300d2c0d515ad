import { expect } from 'chai';
import fc from 'fast-check';
import { CASES } from './cases.ts';
import { type Difference, differencesOf } from './differences.ts';
import { createNodeDriver, type NodeDriver } from './drive-node.ts';
import { escaped } from './escaped.ts';
import { type KnownDifference, knownDifferences } from './known-differences.ts';
import { readConnection } from './reference-parser.ts';
import { connectionText, WIDE } from './requests.ts';

describe('the reference parser against node:http', () => {
  let node: NodeDriver;
  before(() => {
    node = createNodeDriver();
  });
  after(() => node.close());

  const differences = async (text: string): Promise<Difference[]> =>
    differencesOf(text, { ours: readConnection(text, { limits: WIDE }), node: await node.drive(text) });

  it('takes the same requests, with the same method, target, fields and body, but for the known differences', async function () {
    this.timeout(CASES * 10);
    await fc.assert(
      fc.asyncProperty(connectionText, async (text) => {
        for (const difference of await differences(text)) {
          if (known(difference) === undefined) throw new Error(`${escaped(text)} has an unknown ${told(difference)}`);
        }
      }),
      { numRuns: CASES },
    );
  });

  for (const { what, example } of knownDifferences) {
    it(`differs: ${what}`, async () => {
      const whats = (await differences(example)).map((difference) => known(difference)?.what ?? told(difference));
      expect(whats, escaped(example)).to.deep.equal([what]);
    });
  }
});

function known(difference: Difference): KnownDifference | undefined {
  return knownDifferences.find((each) => each.applies(difference));
}

const told = ({ previous, bytes, ...rest }: Difference): string => `difference: ${JSON.stringify(rest)}`;
