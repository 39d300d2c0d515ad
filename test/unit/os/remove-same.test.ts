import {
  existsSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { isSame, lookAt, removeIfSame, type Seen } from '../../../src/os/remove-same.ts';

describe('removeIfSame', () => {
  let directory = '';
  let path = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'tsunicorn-unit-'));
    path = join(directory, 'file');
    writeFileSync(path, 'seen');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const seen = (): Seen => lookAt(path) ?? { dev: 0n, ino: 0n, mtimeNs: 0n };

  it('removes what was seen, and leaves nothing', () => {
    expect(removeIfSame(path, seen())).to.equal('removed');
    expect(readdirSync(directory)).to.deep.equal([]);
  });

  it('leaves another that stands there by now', () => {
    const before = seen();
    unlinkSync(path);
    writeFileSync(path, 'another');
    expect(removeIfSame(path, before)).to.equal('another');
    expect(readFileSync(path, 'utf8')).to.equal('another');
    expect(readdirSync(directory)).to.deep.equal(['file']);
  });

  it('does nothing where nothing is left', () => {
    const before = seen();
    unlinkSync(path);
    expect(removeIfSame(path, before)).to.equal('gone');
    expect(existsSync(path)).to.equal(false);
  });

  it('knows an inode that was given again', () => {
    const before = seen();
    expect(isSame(before, { ...before, mtimeNs: before.mtimeNs + 1n })).to.equal(false);
    linkSync(path, join(directory, 'other'));
    expect(isSame(before, seen()), 'another name changes nothing').to.equal(true);
  });
});
