import { expect } from 'chai';
import type { SuiteCheck } from '../interface.ts';
import { describeBehaviour } from './behaviour.ts';
import type { HttpCase } from './case.ts';
import { askCounts } from './counts.ts';
import { httpCases } from './rows/index.ts';
import { casesFor, type HttpException, MODES, runCases } from './run.ts';

/** An interface that serves one of the echo applications (`test/fixtures/apps/http-echo.mjs`, `apps/fetch/http-echo.mjs`). */
export interface HttpSubject {
  /** Starts one worker, on loopback. */
  start(): Promise<{ port: number }>;
  stop(): Promise<void>;
  readonly exceptions: readonly HttpException[];
  /** A small body reaches the application whole or not at all, so one that is broken off concerns nobody. */
  readonly gathersBodies?: true;
  readonly check?: SuiteCheck;
}

/**
 * Holds an interface to the obligations of HTTP/1.1: every case whole, byte by byte, and split at every offset; then what takes more
 * than bytes and answers to say.
 */
export function describeHttpRows(name: string, subject: HttpSubject): void {
  const cases = casesFor(httpCases, subject.exceptions);
  describe(`HTTP/1.1 of the interface ${name}`, () => {
    let port = 0;
    before(async function () {
      subject.check?.(this);
      ({ port } = await subject.start());
    });
    after(() => subject.stop());

    for (const row of new Set(cases.map((each) => each.row))) {
      const ours = cases.filter((each) => each.row === row);
      const failed = new Set<HttpCase>();
      describe(row, () => {
        for (const mode of MODES) {
          it(`holds for ${ours.length} cases, ${mode}`, () => runCases(ours, { port, mode, failed }));
        }
      });
    }

    // In a block of its own, so that it runs behind them.
    describe('all of them together', () => {
      it('never ran what stood behind a refused request, nor ended a broken body cleanly', async () => {
        const { marks, cleanEnds } = await askCounts(port);
        expect({ marks, cleanEnds }).to.deep.equal({ marks: 0, cleanEnds: 0 });
      });
    });

    describeBehaviour(() => port, { gathersBodies: subject.gathersBodies === true });
  });
}
