/**
 * Writes what follows from the tables of settings, hooks, errors and events. `--check` writes nothing: it names each stale file and exits
 * with 1.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorsPageText } from '../src/config/derive/errors-page.ts';
import { exampleConfigText } from '../src/config/derive/example-config.ts';
import { hooksPageText } from '../src/config/derive/hooks-page.ts';
import { jsonSchemaText } from '../src/config/derive/json-schema.ts';
import { logEventsPageText } from '../src/config/derive/log-events-page.ts';
import { settingsModuleText } from '../src/config/derive/settings-module.ts';
import { settingsPageText } from '../src/config/derive/settings-page.ts';
import { logEvents } from '../src/logging/events.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Every generated file and what it holds. Another one is one more line. */
export const artifacts: Readonly<Record<string, () => string>> = {
  'src/settings.ts': settingsModuleText,
  'schema/tsunicorn.schema.json': jsonSchemaText,
  'docs/settings.md': settingsPageText,
  'docs/hooks.md': hooksPageText,
  'docs/errors.md': errorsPageText,
  'docs/log-events.md': () => logEventsPageText(logEvents),
  'tsunicorn.conf.example.ts': exampleConfigText,
};

/** The generated files below `root` that do not hold what they should. */
export function staleFiles(root: string): string[] {
  return Object.entries(artifacts)
    .filter(([path, make]) => readIfThere(join(root, path)) !== formatted(path, make()))
    .map(([path]) => path);
}

function formatted(path: string, text: string): string {
  if (!path.endsWith('.ts')) return text;
  const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
  const args = [biome, 'format', `--stdin-file-path=${path}`];
  return execFileSync(process.execPath, args, { cwd: ROOT, input: text, encoding: 'utf8' });
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function main(flags: readonly string[]): void {
  const stale = staleFiles(ROOT);
  if (flags.includes('--check')) {
    for (const path of stale) console.error(`${path} is stale: run npx tsx scripts/generate.ts`);
    process.exitCode = stale.length === 0 ? 0 : 1;
    return;
  }
  for (const path of stale) {
    const make = artifacts[path];
    if (make !== undefined) writeFileSync(join(ROOT, path), formatted(path, make()));
    console.log(`${path} written`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2));
