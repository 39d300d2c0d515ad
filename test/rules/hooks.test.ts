import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const tests = fileURLToPath(new URL('..', import.meta.url));

describe('the hooks of tests', () => {
  it('stand within a describe: others run for the tests of all files', () => {
    const wrong = readdirSync(tests, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.test.ts'))
      .filter((path) => /^(?:before|after)(?:Each)?\(/m.test(readFileSync(join(tests, path), 'utf8')));
    expect(wrong).to.deep.equal([]);
  });
});
