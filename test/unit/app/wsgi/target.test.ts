import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { isPythonTarget, parsePythonTarget, pythonTargetOf } from '../../../../src/app/interfaces/wsgi/target.ts';

describe('parsePythonTarget', () => {
  const modules: readonly [text: string, module: string, target: string][] = [
    ['shop', 'shop', 'shop'],
    ['shop.wsgi', 'shop.wsgi', 'shop.wsgi'],
    ['shop.wsgi:application', 'shop.wsgi', 'shop.wsgi:application'],
    ['shop:create_app()', 'shop', 'shop:create_app()'],
    ['shop:create_app("a:b", debug=True)', 'shop', 'shop:create_app("a:b", debug=True)'],
    ['shop:holder.app', 'shop', 'shop:holder.app'],
    ['wsgi.py', 'wsgi', 'wsgi'],
    ['./wsgi.py:app', 'wsgi', 'wsgi:app'],
    ['_läden.é', '_läden.é', '_läden.é'],
  ];
  for (const [text, module, target] of modules) {
    it(`takes ${text}`, () => expect(parsePythonTarget(text)).to.deep.equal({ kind: 'module', module, target }));
  }

  const none = [
    '',
    'a b',
    './app.ts',
    'dist/server',
    'server.js',
    'app.mts:handler',
    'shop:',
    'shop:1',
    '7up',
    '.a',
    'a..b',
  ];
  for (const text of none) it(`leaves "${text}" alone`, () => expect(parsePythonTarget(text)).to.equal(null));
});

describe('pythonTargetOf', () => {
  const told: readonly [text: string, sentence: RegExp][] = [
    [
      'dir/app.py:app',
      /"dir\/app\.py:app" is a path.* Write "dir\.app:app", or name it "app:app" and set "chdir" or "pythonPath" to "dir"\.$/,
    ],
    ['/srv/app.py', /Name it "app" and set .* to "\/srv"\.$/],
    ['../app.py', /Name it "app" and set .* to "\.\."\.$/],
    ['pkg/__init__.py', /Write "pkg", or/],
    ['my-app.py', /file of that name/],
    ['my app', /no Python module/],
  ];
  for (const [text, sentence] of told) {
    it(`tells what to write instead of ${text}`, () => expect(() => pythonTargetOf(text)).to.throw(sentence));
  }

  it('gives what the host takes', () => expect(pythonTargetOf('./wsgi.py')).to.equal('wsgi'));
});

describe('isPythonTarget', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'tsunicorn-target-'));
    const files = [
      'both.py',
      'both.ts',
      'only.py',
      'pkg/__init__.py',
      'pkg/mod.py',
      'lib/far.py',
      'web/index.js',
      'web.py',
    ];
    for (const file of files) {
      mkdirSync(dirname(join(directory, file)), { recursive: true });
      writeFileSync(join(directory, file), '');
    }
  });
  after(() => rmSync(directory, { recursive: true }));

  const cases: readonly [text: string, python: boolean, why: string][] = [
    ['only', true, 'the module is there'],
    ['only:app', true, 'the module is there'],
    ['only.py', true, 'it is a file of Python'],
    ['both', false, 'JavaScript wins'],
    ['both:app', false, 'JavaScript wins'],
    ['both.py', true, 'it is a file of Python'],
    ['web', false, 'a directory with index.js wins'],
    ['pkg', true, 'a package'],
    ['pkg.mod:app', true, 'a module of a package'],
    ['pkg/mod.py', true, 'to be told how to write it'],
    ['far:app', true, 'it is in pythonPath'],
    ['installed.wsgi:application', true, 'nothing else has this form'],
    ['installed:create_app()', true, 'nothing else has this form'],
    ['gone.py', true, 'nothing else has this form'],
    ['server', false, 'a file of JavaScript that is missing'],
    ['server:app', false, 'a file of JavaScript that is missing'],
    ['./server.js', false, 'a file of JavaScript'],
  ];
  for (const [text, python, why] of cases) {
    it(`${python ? 'is' : 'is not'} ${text}: ${why}`, () => {
      expect(isPythonTarget(text, { directory, pythonPath: ['lib'] })).to.equal(python);
    });
  }
});
