import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory of its own for each test; call within a `describe`. */
export function scratch(): { path(name: string): string; lines(name: string): string[] } {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'tsunicorn-logging-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  return {
    path: (name) => join(directory, name),
    lines(name) {
      const text = readFileSync(join(directory, name), 'utf8');
      if (text !== '' && !text.endsWith('\n')) throw new Error(`${name} ends in half a line: ${text.slice(-80)}`);
      return text.split('\n').slice(0, -1);
    },
  };
}
