import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { whileAlone } from '../../../src/os/alone.ts';

describe('whileAlone', () => {
  let directory = '';
  let path = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'tsunicorn-unit-'));
    path = join(directory, 'app.sock');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('lets nobody else in meanwhile, and leaves nothing', () => {
    const inner = whileAlone(path, () => whileAlone(path, () => 'inner'));
    expect(inner).to.equal(null);
    expect(whileAlone(path, () => readdirSync(directory))).to.deep.equal(['.app.sock.lock']);
    expect(readdirSync(directory)).to.deep.equal([]);
  });

  it('leaves nothing when what is done fails', () => {
    const fail = () => {
      throw new Error('no');
    };
    expect(() => whileAlone(path, fail)).to.throw('no');
    expect(readdirSync(directory)).to.deep.equal([]);
  });

  it('forgets the lock of a process that was killed, and of no other', () => {
    const lock = join(directory, '.app.sock.lock');
    writeFileSync(lock, '');
    expect(whileAlone(path, () => 'in')).to.equal(null);
    const before = Date.now() / 1000 - 11;
    utimesSync(lock, before, before);
    expect(whileAlone(path, () => 'in')).to.equal('in');
    expect(readdirSync(directory)).to.deep.equal([]);
  });
});
