import { join } from 'node:path';
import { expect } from 'chai';
import { evaluateConfig, publicModule } from '../../src/config/evaluate.ts';
import * as index from '../../src/index.ts';
import { useScratch } from '../unit/config/scratch.ts';
import { thrownBy } from '../unit/config/thrown.ts';

describe('publicModule', () => {
  it('is what the package exports', () => expect({ ...publicModule }).to.deep.equal({ ...index }));
});

describe('evaluateConfig', () => {
  const scratch = useScratch();
  const evaluate = (name: string, source: string) => evaluateConfig({ path: join(scratch.path, name), source });

  const formats: readonly [name: string, source: string][] = [
    ['c.ts', `import { defineConfig } from 'tsunicorn'; export default defineConfig({ workers: 3 });`],
    ['c.ts', `import { defineConfig } from 'tsunicorn'; export default defineConfig(() => ({ workers: 3 }));`],
    ['c.ts', 'export default async (): Promise<{ workers: number }> => ({ workers: 3 });'],
    ['c.ts', 'enum Size { Small = 3 }\nconst n = await Promise.resolve(Size.Small);\nexport default { workers: n };'],
    ['c.ts', `import type { UserConfig } from 'tsunicorn';\nexport default { workers: 3 } satisfies UserConfig;`],
    ['c.mts', 'export default { workers: 3 as number };'],
    ['c.mjs', 'export default { workers: await Promise.resolve(3) };'],
    ['c.js', 'export default { workers: 3 };'],
    ['c.js', 'module.exports = { workers: 3 };'],
    ['c.cjs', `const { defineConfig } = require('tsunicorn'); module.exports = defineConfig({ workers: 3 });`],
    ['c.cjs', 'module.exports = async () => ({ workers: 3 });'],
    ['c.cjs', 'exports.workers = 3;'],
    ['c.json', '{ "workers": 3 }'],
    ['c.json', '\uFEFF{ "workers": 3 }'],
    ['c.yaml', 'workers: 3'],
    ['c.yml', '{ "workers": 3 }'],
    ['.tsunicornrc', 'workers: 3'],
    ['package.json', '{ "name": "x", "tsunicorn": { "workers": 3 } }'],
  ];
  for (const [name, source] of formats) {
    it(`reads ${name}: ${source.slice(0, 70)}`, async () => {
      expect({ ...(await evaluate(name, source)) }).to.deep.equal({ workers: 3 });
    });
  }

  it('evaluates the text it is given, not the file on the disk', async () => {
    for (const name of ['c.ts', 'c.mjs', 'c.cjs']) {
      const text = (workers: number) =>
        name === 'c.cjs' ? `module.exports = { workers: ${workers} }` : `export default { workers: ${workers} }`;
      scratch.write({ [name]: text(1) });
      expect(await evaluate(name, text(2)), name).to.deep.equal({ workers: 2 });
    }
  });

  const imported: readonly [name: string, type: string, text: (value: number) => string][] = [
    ['x.ts', 'module', (value) => `export default ${value};`],
    ['x.mjs', 'module', (value) => `export default await Promise.resolve(${value});`],
    ['x.js', 'module', (value) => `export default ${value};`],
    ['x.js', 'commonjs', (value) => `module.exports = ${value};`],
    ['x.cjs', 'module', (value) => `module.exports = ${value};`],
  ];
  for (const [name, type, text] of imported) {
    it(`sees an edit of an imported ${name} in a package of type ${type}, also at second hand`, async () => {
      const source = `import x from './${name}'; import y from './between.mjs'; export default { x, y };`;
      scratch.write({ 'package.json': `{ "type": "${type}" }`, 'between.mjs': `export { default } from './${name}';` });
      for (const value of [1, 2]) {
        scratch.write({ [name]: text(value) });
        expect(await evaluate('c.ts', source)).to.deep.equal({ x: value, y: value });
      }
    });
  }

  it('sees an edit of a file that CommonJS requires', async () => {
    for (const value of [1, 2]) {
      scratch.write({ 'x.cjs': `module.exports = { y: require('./y.cjs') };`, 'y.cjs': `module.exports = ${value};` });
      expect(await evaluate('c.cjs', `module.exports = require('./x.cjs');`)).to.deep.equal({ y: value });
    }
  });

  it('sees an edit of an imported JSON file', async () => {
    for (const workers of [1, 2]) {
      scratch.write({ 'x.json': JSON.stringify({ workers }) });
      expect(await evaluate('c.ts', `import x from './x.json'; export default { ...x };`)).to.include({ workers });
    }
  });

  it('runs an imported file once for each evaluation, and survives a circle', async () => {
    scratch.write({
      'count.mjs': 'export const state = { runs: 0 };',
      'a.mjs': `import { state } from './count.mjs'; import { b } from './b.mjs'; state.runs += 1; export const a = () => b;`,
      'b.mjs': `import { a } from './a.mjs'; export const b = 7; export const c = () => a();`,
    });
    const source = `import { state } from './count.mjs'; import { a } from './a.mjs'; import { c } from './b.mjs';
      export default { runs: state.runs, a: a(), c: c() };`;
    expect(await evaluate('c.ts', source)).to.deep.equal({ runs: 1, a: 7, c: 7 });
  });

  it('gives the file its own place', async () => {
    const source = 'export default { dir: import.meta.dirname ?? __dirname, url: import.meta.url };';
    expect(await evaluate('c.ts', source)).to.deep.equal({
      dir: scratch.path,
      url: `file://${join(scratch.path, 'c.ts')}`,
    });
  });

  const faulty: readonly [name: string, source: string, reason: RegExp][] = [
    ['c.ts', 'const a = 1;\nconst b = ;', /Unexpected token \(\S+c\.ts:2:10\)\. Correct the file/],
    ['c.ts', '\n\nthrow new Error("boom.");', /c\.ts: boom \(\S+c\.ts:3\)\. Correct the file/],
    ['c.ts', 'export default () => {\n  null.x;\n};', /TypeError: Cannot read properties of null .*\(\S+c\.ts:2\)\./],
    ['c.ts', 'export default async () => { throw new Error("later") };', /c\.ts: later \(\S+c\.ts:1\)\./],
    ['c.ts', 'throw "text";', /c\.ts: text\. Correct the file/],
    ['c.ts', 'throw undefined;', /c\.ts: undefined\. Correct the file/],
    ['c.ts', `import './absent.ts';`, /Cannot find module '\.\/absent\.ts'\. Correct the file/],
    ['c.ts', `import 'absent-package';`, /Cannot find module 'absent-package'\. Correct/],
    ['c.ts', `import './broken.ts';`, /Unexpected token \(\S+broken\.ts:1:\d+\)/],
    ['c.ts', `import './throws.mjs';`, /: inner \(\S+throws\.mjs:2\)/],
    ['c.mjs', 'export default {;', /Unexpected token \(\S+c\.mjs:1:16\)/],
    ['c.ts', '', /it exports no configuration\. Add "export default/],
    ['c.ts', 'export const workers = 3;', /it exports no configuration/],
    ['c.ts', 'export default null;', /it holds null instead of a configuration/],
    ['c.ts', 'export default undefined;', /it holds nothing instead of a configuration/],
    ['c.ts', 'export default [1];', /it holds an array instead/],
    ['c.ts', 'export default 3;', /it holds a number instead/],
    ['c.ts', 'export default Promise.resolve({});', /it holds a promise instead .*a function that returns one/],
    ['c.ts', 'export default () => "x";', /it holds a string instead/],
    ['c.ts', 'export default () => () => ({});', /it holds a function instead/],
    ['c.cjs', 'module.exports = 3;', /it holds a number instead/],
    ['c.json', '{ "workers": }', /Unexpected token '}', .* is not valid JSON.*\. Correct the file/],
    ['c.json', '[]', /it holds an array instead of a configuration\. Write an object/],
    ['c.yaml', 'a: [1', /unexpected end of the stream .*\(\d+:\d+\)\. Correct the file/],
    ['c.yaml', '', /it holds nothing instead of a configuration/],
    ['c.yaml', '- a', /it holds an array instead/],
  ];
  for (const [name, source, reason] of faulty) {
    it(`tells what is wrong with ${name}: ${JSON.stringify(source).slice(0, 60)}`, async () => {
      scratch.write({ 'broken.ts': 'const x = ;', 'throws.mjs': '\nthrow new Error("inner");' });
      const error = await thrownBy(() => evaluate(name, source));
      expect(error.code).to.equal('CONFIG_UNREADABLE');
      expect(error.message).to.match(reason);
      expect(error.message).to.include(join(scratch.path, name));
      expect(error.message).to.not.match(/\n|node_modules|src\/config/);
    });
  }
});
