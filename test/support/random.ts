import fc from 'fast-check';

/**
 * fast-check for the unit tests: each property is tried with a few random cases there, to cost little, and once more with many by
 * `node scripts/test.js property`, which sets the variable.
 */
fc.configureGlobal({ numRuns: Number(process.env.TSUNICORN_UNIT_CASES ?? 20) });

export default fc;
