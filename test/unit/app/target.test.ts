import { expect } from 'chai';
import { candidateFiles, parseTarget } from '../../../src/app/target.ts';

describe('parseTarget', () => {
  const rows: readonly (readonly [string, string, string | null])[] = [
    ['./app.ts', './app.ts', null],
    ['./app.ts:handler', './app.ts', 'handler'],
    ['dist/server.js:default', 'dist/server.js', 'default'],
    ['a:b:$app_1', 'a:b', '$app_1'],
    ['app:1st', 'app:1st', null],
    ['app:', 'app:', null],
    [':app', ':app', null],
  ];
  for (const [text, path, exportName] of rows) {
    it(`reads ${text}`, () => expect(parseTarget(text)).to.deep.equal({ path, exportName }));
  }
});

describe('candidateFiles', () => {
  it('tries the path itself first, then the endings, then an index', () => {
    const files = candidateFiles('/app/server');
    expect(files[0]).to.equal('/app/server');
    expect(files).to.include.members(['/app/server.js', '/app/server.ts', '/app/server/index.js']);
    expect(files.indexOf('/app/server.ts')).to.be.lessThan(files.indexOf('/app/server/index.js'));
  });
});
