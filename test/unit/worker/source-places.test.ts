import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { createSourcePlaces } from '../../../src/worker/source-places.ts';

/** The second line of the script, from its first column, is line 10 of the source, from its fifth (source map, revision 3). */
const map = (source: string) =>
  JSON.stringify({ version: 3, sources: [source], names: [], mappings: ';AASI', sourcesContent: [null] });
const script = (comment: string) => `"use strict";\nspin();\n${comment}\n`;

describe('createSourcePlaces', () => {
  let dir: string;
  const at = (name: string) => join(dir, 'dist', name);
  const loadedLater = () => Date.now() + 10_000;
  const placeIn = (file: string, loadedAtMs = loadedLater()) =>
    createSourcePlaces(loadedAtMs)({ text: `Object.spin (${file}:2:1)`, file, line: 2, column: 1 });

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'tsunicorn-places-'));
    mkdirSync(join(dir, 'dist'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('follows a map in a file beside the script', () => {
    writeFileSync(at('a.js'), script('//# sourceMappingURL=a.js.map'));
    writeFileSync(at('a.js.map'), map('../src/a.ts'));
    expect(placeIn(at('a.js'))).to.equal(`Object.spin (${dir}/src/a.ts:10:5)`);
    expect(placeIn(pathToFileURL(at('a.js')).href)).to.equal(`Object.spin (${dir}/src/a.ts:10:5)`);
  });

  it('follows a map within the script', () => {
    const data = Buffer.from(map('a.ts')).toString('base64');
    writeFileSync(at('a.js'), script(`//# sourceMappingURL=data:application/json;charset=utf-8;base64,${data}`));
    expect(placeIn(at('a.js'))).to.equal(`Object.spin (${dir}/dist/a.ts:10:5)`);
    writeFileSync(at('a.js'), script(`//# sourceMappingURL=data:application/json,${encodeURIComponent(map('a.ts'))}`));
    expect(placeIn(at('a.js'))).to.equal(`Object.spin (${dir}/dist/a.ts:10:5)`);
  });

  it('knows sources by path and by URL', () => {
    writeFileSync(at('a.js'), script('//# sourceMappingURL=a.js.map'));
    for (const [source, expected] of [
      ['/elsewhere/a.ts', '/elsewhere/a.ts'],
      ['file:///elsewhere/a%20b.ts', '/elsewhere/a b.ts'],
      ['webpack://shop/a.ts', 'webpack://shop/a.ts'],
    ] as const) {
      writeFileSync(at('a.js.map'), map(source));
      expect(placeIn(at('a.js'))).to.equal(`Object.spin (${expected}:10:5)`);
    }
  });

  it('leaves a place as it is where there is no map, none that can be read, or none for it', () => {
    const unmapped = `Object.spin (${at('a.js')}:2:1)`;
    expect(placeIn(at('a.js'))).to.equal(unmapped);
    for (const comment of [
      '',
      '//# sourceMappingURL=missing.map',
      '//# sourceMappingURL=data:,{',
      '//# sourceMappingURL=',
    ]) {
      writeFileSync(at('a.js'), script(comment));
      expect(placeIn(at('a.js')), comment).to.equal(unmapped);
    }
    writeFileSync(at('a.js'), script('//# sourceMappingURL=a.js.map'));
    writeFileSync(at('a.js.map'), JSON.stringify({ version: 3, sources: [], names: [], mappings: '' }));
    expect(placeIn(at('a.js'))).to.equal(unmapped);
  });

  it('does not believe a script or a map that was replaced after it was loaded', () => {
    writeFileSync(at('a.js'), script('//# sourceMappingURL=a.js.map'));
    writeFileSync(at('a.js.map'), map('a.ts'));
    const loadedAtMs = loadedLater();
    utimesSync(at('a.js'), new Date(), new Date(loadedAtMs + 1_000));
    expect(placeIn(at('a.js'), loadedAtMs)).to.equal(`Object.spin (${at('a.js')}:2:1)`);
  });

  it('has nothing to say of what is in no file', () => {
    const frame = { text: 'RegExp.test (<anonymous>)', file: null, line: 0, column: 0 };
    expect(createSourcePlaces(0)(frame)).to.equal(frame.text);
    const internal = { text: 'run (node:internal/x:3:4)', file: 'node:internal/x', line: 3, column: 4 };
    expect(createSourcePlaces(0)(internal)).to.equal(internal.text);
  });
});
