import { config } from 'chai';
import type { Context, RootHookObject } from 'mocha';
import { destroyAll, type Owned, ownedNow } from './owned.ts';

// It finds assertions that there are none of, as the compiler does, and costs each one some microseconds.
config.useProxy = false;

const complaints: string[] = [];
let before = new Set<Owned>();

/**
 * Mocha's root hooks (`"require": "./test/support/root-hooks.ts"`). What a test started, in itself or in its `beforeEach`, must be ended
 * when its `afterEach` is over; what a `before` started, when the run is over. What is left is destroyed; if the test had passed, the
 * run fails at its end, so that all tests still get their turn. So it does for tests that are pending where `TSUNICORN_CI` is set, as
 * `.ci/run` does: what is not there to test with, on the machine that decides, must not go unnoticed.
 */
export const mochaHooks: RootHookObject = {
  beforeEach() {
    before = new Set(ownedNow());
  },
  afterEach(this: Context) {
    const left = ownedNow().filter((thing) => !before.has(thing));
    destroyAll(left);
    const test = this.currentTest;
    if (test?.state !== 'passed') return;
    for (const { label } of left) complaints.push(`"${test.fullTitle()}" passed and left ${label}`);
  },
  afterAll(this: Context) {
    if (process.env.TSUNICORN_CI !== undefined) {
      this.test?.parent?.eachTest((test) => {
        if (test.isPending()) complaints.push(`"${test.fullTitle()}" is pending, which TSUNICORN_CI forbids`);
      });
    }
    const left = ownedNow();
    destroyAll(left);
    for (const { label } of left) complaints.push(`the run left ${label}: a before() without its after()?`);
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
  },
};
