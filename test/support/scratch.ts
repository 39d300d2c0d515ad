import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory of its own for each test, for what must outlive one server; call within a `describe`. */
export function scratch(): { path(name?: string): string } {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'tsunicorn-scratch-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  return { path: (name = '') => join(directory, name) };
}
