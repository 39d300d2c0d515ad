import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const src = fileURLToPath(new URL('../../src', import.meta.url));

/** Which folder of `src` may import from which; every one may import its own files and the three at the top. ARCHITECTURE.md says why. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  ipc: [],
  http: [],
  // Only to remove what others may replace meanwhile.
  listener: ['os'],
  os: [],
  // Only to ask how many CPUs `workers: 'auto'` is.
  config: ['os'],
  logging: ['config', 'os'],
  app: ['listener', 'http', 'os'],
  worker: ['app', 'config', 'http', 'ipc', 'listener', 'logging', 'os'],
  master: ['config', 'control', 'http', 'ipc', 'listener', 'logging', 'os'],
  cli: ['config', 'control', 'ipc', 'listener', 'logging', 'master', 'os'],
};
const topFiles = ['errors.ts', 'settings.ts', 'application.ts', 'index.ts', 'bin.ts'];

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files: readonly SourceFile[] = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => {
    const text = readFileSync(join(src, path), 'utf8');
    const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1] ?? '');
    return { path, text, imports: specifiers.map((name) => relative(src, resolve(src, dirname(path), name))) };
  });

const folderOf = (path: string): string => path.split('/')[0] ?? '';

describe('imports', () => {
  it('finds the files it is about', () => {
    expect(files.length).to.be.greaterThan(40);
    expect(files.flatMap(({ imports }) => imports).length).to.be.greaterThan(100);
  });

  it('go only where the layout allows', () => {
    const wrong = files.flatMap(({ path, imports }) => {
      const folder = folderOf(path);
      if (topFiles.includes(path)) return [];
      const allowed = [folder, ...topFiles.slice(0, 3), ...(mayImport[folder] ?? [])];
      return imports.filter((target) => !allowed.includes(folderOf(target))).map((target) => `${path} → ${target}`);
    });
    expect(wrong).to.deep.equal([]);
  });

  it('have a rule for every folder', () => {
    const folders = new Set(files.map(({ path }) => folderOf(path)).filter((name) => !topFiles.includes(name)));
    expect([...folders].filter((name) => mayImport[name] === undefined)).to.deep.equal([]);
  });

  it('never lead from the public module into the master or a worker', () => {
    const reached = new Set<string>();
    const follow = (path: string): void => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const target of files.find((file) => file.path === path)?.imports ?? []) follow(target);
    };
    follow('index.ts');
    expect([...reached].filter((path) => /^(master|worker|app|cli)\//.test(path))).to.deep.equal([]);
  });
});

describe('files', () => {
  it('stay below 300 lines, and half of them below 90', () => {
    const lengths = files
      .filter(({ path }) => path !== 'settings.ts')
      .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
      .sort((a, b) => a.lines - b.lines);
    expect(lengths.filter(({ lines }) => lines > 300)).to.deep.equal([]);
    expect(lengths[Math.floor(lengths.length / 2)]?.lines).to.be.lessThan(90);
  });

  it('are not called by a name that says nothing', () => {
    expect(
      files.map(({ path }) => path).filter((path) => /(^|\/)(utils?|helpers?|common|misc)\b/.test(path)),
    ).to.deep.equal([]);
  });

  it('hold no escape from the type system outside the borders', () => {
    const escapes = files.filter(({ text }) =>
      /\bas any\b|\bas unknown as\b|@ts-(ignore|expect-error|nocheck)/.test(text),
    );
    expect(escapes.map(({ path }) => path)).to.deep.equal([]);
  });
});

describe('every log event', () => {
  it('is used somewhere', async () => {
    const { logEvents } = await import('../../src/logging/events.ts');
    const uses = files
      .filter(({ path }) => path !== 'logging/events.ts')
      .map(({ text }) => text)
      .join('\n');
    expect(Object.keys(logEvents).filter((name) => !uses.includes(`'${name}'`))).to.deep.equal([]);
  });
});

describe('every error code', () => {
  it('is used somewhere', async () => {
    const { errorCodes } = await import('../../src/errors.ts');
    const uses = files
      .filter(({ path }) => path !== 'errors.ts')
      .map(({ text }) => text)
      .join('\n');
    expect(Object.keys(errorCodes).filter((code) => !uses.includes(`'${code}'`))).to.deep.equal([]);
  });
});
