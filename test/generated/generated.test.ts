import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { expect } from 'chai';
import { artifacts, staleFiles } from '../../scripts/generate.ts';
import { hookTable } from '../../src/config/hooks.ts';
import { settings } from '../../src/config/settings/index.ts';
import { errorCodes } from '../../src/errors.ts';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');

describe('generated files', () => {
  it('are not stale: the check exits with 0 and says nothing', () => {
    const args = ['--import', 'tsx', 'scripts/generate.ts', '--check'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
    expect({ status, stdout, stderr }).to.deep.equal({ status: 0, stdout: '', stderr: '' });
  });

  it('are named when they are missing or edited', () => {
    const copy = mkdtempSync(join(tmpdir(), 'tsunicorn-generated-'));
    try {
      for (const path of Object.keys(artifacts)) {
        mkdirSync(dirname(join(copy, path)), { recursive: true });
        cpSync(join(ROOT, path), join(copy, path));
      }
      expect(staleFiles(copy)).to.deep.equal([]);
      writeFileSync(join(copy, 'docs/settings.md'), 'edited');
      rmSync(join(copy, 'src/settings.ts'));
      expect(staleFiles(copy)).to.deep.equal(['src/settings.ts', 'docs/settings.md']);
    } finally {
      rmSync(copy, { recursive: true });
    }
  });

  it('name every setting, hook and error', () => {
    const absent = (path: string, names: readonly string[]) => names.filter((name) => !text(path).includes(name));
    const names = settings.map(({ name }) => name);
    expect(
      absent(
        'docs/settings.md',
        names.map((name) => `### ${name}\n`),
      ),
    ).to.deep.equal([]);
    expect(
      absent(
        'tsunicorn.conf.example.ts',
        names.map((name) => ` ${name}: `),
      ),
    ).to.deep.equal([]);
    expect(
      absent(
        'docs/hooks.md',
        hookTable.map(({ name }) => `\`${name}(`),
      ),
    ).to.deep.equal([]);
    expect(
      absent(
        'docs/errors.md',
        Object.keys(errorCodes).map((code) => `\`${code}\``),
      ),
    ).to.deep.equal([]);
  });
});

describe('schema/tsunicorn.schema.json', () => {
  const check = new Ajv({ strict: true, allErrors: true }).compile(JSON.parse(text('schema/tsunicorn.schema.json')));

  it('takes every example and every default', () => {
    const examples = Object.fromEntries(settings.map(({ name, example }) => [name, example]));
    const defaults = Object.fromEntries(
      settings.map(({ name, default: value }) => [name, value]).filter(([, value]) => value !== undefined),
    );
    expect(check({ $schema: './x.json', ...examples }), JSON.stringify(check.errors)).to.equal(true);
    expect(check(defaults), JSON.stringify(check.errors)).to.equal(true);
  });

  it('refuses unknown names and wrong types', () => {
    expect(check({ max_requests: 1 })).to.equal(false);
    expect(check({ workers: '4' })).to.equal(false);
  });
});
