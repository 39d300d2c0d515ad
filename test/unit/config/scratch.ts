import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A directory for one test, with its files. Whoever makes it removes it. */
export interface Scratch {
  readonly path: string;
  write(files: Readonly<Record<string, string>>): void;
  remove(): void;
}

export function createScratch(): Scratch {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'tsunicorn-config-')));
  return {
    path,
    write(files) {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(path, name)), { recursive: true });
        writeFileSync(join(path, name), text);
      }
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
