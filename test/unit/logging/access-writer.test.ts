import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, fstatSync, mkdirSync, openSync, readSync, renameSync } from 'node:fs';
import { expect } from 'chai';
import { type AccessWriter, openAccessLog } from '../../../src/logging/access-writer.ts';
import type { LogEvent } from '../../../src/logging/events.ts';
import { eventually } from '../../support/eventually.ts';
import { recordOf } from './record.ts';
import { scratch } from './scratch.ts';

describe('openAccessLog', () => {
  const files = scratch();
  const seen: { name: LogEvent; fields: Record<string, unknown> }[] = [];
  const log = { event: (name: LogEvent, fields = {}): void => void seen.push({ name, fields }) };
  beforeEach(() => {
    seen.length = 0;
  });

  const open = (accessLog: string, json = false): AccessWriter =>
    openAccessLog({ accessLog, accessLogFormat: '%(U)s', json }, log);
  const numbered = (n: number) => recordOf({ target: `/${String(n).padStart(9, '0')}` });
  const numbers = (name: string): number[] => files.lines(name).map((line) => Number(line.slice(1)));
  const upTo = (count: number): number[] => [...Array(count).keys()];

  it('writes a line after a moment, without being closed', async () => {
    const writer = open(files.path('a'));
    writer.write(numbered(7));
    expect(files.lines('a')).to.deep.equal([]);
    await eventually(() => files.lines('a').length === 1, { everyMs: 10 });
    await writer.close();
    expect(numbers('a')).to.deep.equal([7]);
  });

  it('has everything in the file once close resolves, in order', async () => {
    const writer = open(files.path('a'));
    for (const n of upTo(5000)) writer.write(numbered(n));
    await Promise.all([writer.close(), writer.close()]);
    writer.write(numbered(0));
    expect(numbers('a')).to.deep.equal(upTo(5000));
    expect(seen).to.deep.equal([]);
  });

  it('writes JSON where told to', async () => {
    const writer = open(files.path('a'), true);
    writer.write(recordOf());
    await writer.close();
    expect(files.lines('a').map((line) => JSON.parse(line).path)).to.deep.equal(['/shop/cart']);
  });

  it('appends, with several writers at once, and tears no line', async () => {
    const writers = [open(files.path('a')), open(files.path('a')), open(files.path('a'))];
    for (const n of upTo(9000)) writers[n % 3]?.write(numbered(n));
    await Promise.all(writers.map((writer) => writer.close()));
    expect(numbers('a').sort((a, b) => a - b)).to.deep.equal(upTo(9000));
  });

  it('loses and doubles no line when it is rotated under load', async () => {
    const writer = open(files.path('a'));
    const rotated: string[] = [];
    for (const n of upTo(10_000)) {
      writer.write(numbered(n));
      if (n % 1000 === 999) {
        rotated.push(`a.${n}`);
        renameSync(files.path('a'), files.path(`a.${n}`));
        writer.reopen();
        // Twice in a row, too: a signal may come again while a write is under way.
        if (n % 2000 === 999) writer.reopen();
      }
      if (n % 500 === 0) await new Promise(setImmediate);
    }
    writer.write(numbered(10_000));
    await writer.close();
    expect(numbers('a')).to.include(10_000);
    const all = [...rotated, 'a'].flatMap(numbers);
    expect(all.sort((a, b) => a - b)).to.deep.equal(upTo(10_001));
    expect(seen.map(({ name }) => name)).to.deep.equal(Array(15).fill('logs.reopened'));
  });

  it('keeps the old file when it cannot reopen, and closes no descriptor twice', async () => {
    mkdirSync(files.path('d'));
    const writer = open(files.path('d/a'));
    renameSync(files.path('d'), files.path('moved'));
    writer.reopen();
    writer.reopen();
    writer.write(numbered(1));
    writer.flushSync();
    renameSync(files.path('moved'), files.path('d'));
    writer.reopen();
    const stranger = openSync(files.path('stranger'), 'w');
    writer.write(numbered(2));
    await writer.close();
    expect(fstatSync(stranger).size).to.equal(0);
    closeSync(stranger);
    expect(numbers('d/a')).to.deep.equal([1, 2]);
    expect(seen.map(({ name }) => name)).to.deep.equal(['logs.reopenFailed', 'logs.reopenFailed', 'logs.reopened']);
  });

  it('explains a file that cannot be opened', () => {
    expect(() => open(files.path('none/a')))
      .to.throw('change "accessLog"')
      .with.property('code', 'LOG_FILE');
  });

  it('refuses a malformed format before it creates a file', () => {
    const settings = { accessLog: files.path('a'), accessLogFormat: '%', json: false };
    expect(() => openAccessLog(settings, log)).to.throw('lone "%"');
    expect(existsSync(files.path('a'))).to.equal(false);
  });

  it('flushes at once for a process that ends at once', async () => {
    const writer = open(files.path('a'));
    writer.write(numbered(1));
    writer.flushSync();
    expect(numbers('a')).to.deep.equal([1]);
    await writer.close();
    expect(numbers('a')).to.deep.equal([1]);
  });

  it('leaves standard output open', async () => {
    await open('-').close();
    expect(fstatSync(1).nlink).to.be.a('number');
  });

  it('reports a full disk once, and closes in spite of it', async function () {
    if (!existsSync('/dev/full')) this.skip();
    const writer = open('/dev/full');
    for (const n of upTo(2000)) writer.write(numbered(n));
    await eventually(() => seen.length === 1, { everyMs: 5 });
    writer.flushSync();
    await writer.close();
    expect(seen.map(({ name }) => name)).to.deep.equal(['logs.writeFailed', 'logs.dropped']);
    expect(seen[1]?.fields.lines).to.equal(2000);
  });

  it('keeps lines for a pipe that is not read, then drops and counts them', async () => {
    execFileSync('mkfifo', [files.path('fifo')]);
    const reader = openSync(files.path('fifo'), constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = open(files.path('fifo'));
    // 500 bytes each: twice what queue and pipe hold together.
    const padding = 'x'.repeat(489);
    for (const n of upTo(5000)) writer.write(recordOf({ target: `/${String(n).padStart(9, '0')}${padding}` }));
    const closed = writer.close();
    const text = await readAll(reader, closed);
    closeSync(reader);
    const got = text
      .split('\n')
      .slice(0, -1)
      .map((line) => Number(line.slice(1, -489)));
    expect(got).to.deep.equal(upTo(got.length));
    expect(got.length).to.be.above(2000);
    expect(seen).to.deep.equal([
      { name: 'logs.dropped', fields: { path: files.path('fifo'), lines: 5000 - got.length } },
    ]);
  });
});

/** Reads a pipe in small steps until `end` is settled and the pipe is empty. */
async function readAll(fd: number, end: Promise<void>): Promise<string> {
  const bytes = Buffer.alloc(65_536);
  let text = '';
  let ended = false;
  void end.then(() => {
    ended = true;
  });
  for (;;) {
    const wasEnded = ended;
    try {
      const count = readSync(fd, bytes);
      text += bytes.toString('latin1', 0, count);
      if (count === 0 && wasEnded) return text;
    } catch {
      // EAGAIN: nothing there yet.
    }
    await new Promise(setImmediate);
  }
}
