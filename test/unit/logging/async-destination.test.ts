import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { expect } from 'chai';
import { type AsyncDestination, asyncDestination } from '../../../src/logging/async-destination.ts';
import { eventually } from '../../support/eventually.ts';
import { scratch } from './scratch.ts';

const limits = { flushMs: 1, flushBytes: 100, chunkBytes: 1000, maxBytes: 100_000, retryMs: 5, closeMs: 40 };

describe('asyncDestination', () => {
  const files = scratch();
  const heard: (['failed'] | ['lost', number])[] = [];
  beforeEach(() => {
    heard.length = 0;
  });

  function open(fd: number, overrides: Partial<typeof limits> = {}): AsyncDestination {
    const failed = (): void => void heard.push(['failed']);
    const lost = (lines: number): void => void heard.push(['lost', lines]);
    return asyncDestination(fd, { limits: { ...limits, ...overrides }, outage: { failed, lost } });
  }

  function openFifo(): { reader: number; writer: number } {
    execFileSync('mkfifo', [files.path('fifo')]);
    const reader = openSync(files.path('fifo'), constants.O_RDONLY | constants.O_NONBLOCK);
    return { reader, writer: openSync(files.path('fifo'), constants.O_WRONLY | constants.O_NONBLOCK) };
  }

  const isOpen = (fd: number): boolean => {
    try {
      return fstatSync(fd).nlink >= 0;
    } catch {
      return false;
    }
  };

  it('takes what waits on a full disk along to a file with room', async function () {
    if (!existsSync('/dev/full')) this.skip();
    const full = openSync('/dev/full', 'w');
    const destination = open(full, { retryMs: 60_000 });
    for (let n = 0; n < 50; n += 1) destination.write(`${n}\n`);
    await eventually(() => heard.length > 0, { everyMs: 2 });
    destination.switchTo(openSync(files.path('a'), 'a'));
    await eventually(() => files.lines('a').length === 50, { everyMs: 2 });
    await destination.close();
    expect(files.lines('a').map(Number)).to.deep.equal([...Array(50).keys()]);
    expect(heard).to.deep.equal([['failed']]);
    expect(isOpen(full)).to.equal(false);
  });

  it('gives up a line that the old device has half of', async () => {
    const { reader, writer } = openFifo();
    const destination = open(writer);
    // One write that is longer than the pipe.
    destination.write(`${'x'.repeat(80_000)}\n`);
    destination.write('whole\n');
    await eventually(() => readSync(reader, Buffer.alloc(1)) === 1, { everyMs: 2 });
    destination.switchTo(openSync(files.path('a'), 'a'));
    await destination.close();
    closeSync(reader);
    expect(files.lines('a')).to.deep.equal(['whole']);
    expect(heard).to.deep.equal([['lost', 1]]);
    expect(isOpen(writer)).to.equal(false);
  });

  it('puts nothing between the halves of a line, not even in a hurry', async () => {
    const { reader, writer } = openFifo();
    const destination = open(writer);
    destination.write(`${'x'.repeat(80_000)}\n`);
    destination.write('whole\n');
    const bytes = Buffer.alloc(100_000);
    await eventually(() => !process.getActiveResourcesInfo().includes('FSReqCallback'), { everyMs: 2 });
    const taken = readSync(reader, bytes);
    destination.flushSync();
    await destination.close();
    const rest = readSync(reader, bytes, { offset: taken });
    closeSync(reader);
    expect(bytes.toString('latin1', 0, taken + rest)).to.equal(`${'x'.repeat(80_000)}\nwhole\n`);
    expect(heard).to.deep.equal([]);
  });

  it('closes what it has left, at once or after the write that is under way', async () => {
    const [first, second, third] = ['a', 'b', 'c'].map((name) => openSync(files.path(name), 'a'));
    if (first === undefined || second === undefined || third === undefined) throw new Error('not opened');
    const destination = open(first);
    destination.switchTo(second);
    expect(isOpen(first)).to.equal(false);
    destination.write(`${'x'.repeat(200)}\n`);
    destination.switchTo(third);
    expect(isOpen(second)).to.equal(true);
    destination.write('next\n');
    await destination.close();
    expect([second, third].map(isOpen)).to.deep.equal([false, false]);
    expect([files.lines('b').length, files.lines('c')]).to.deep.equal([1, ['next']]);
  });

  it('closes at once when nothing is left to write, or nothing can be', async function () {
    if (!existsSync('/dev/full')) this.skip();
    const startMs = performance.now();
    await open(openSync(files.path('a'), 'a'), { closeMs: 60_000 }).close();
    const failing = open(openSync('/dev/full', 'a'), { closeMs: 60_000, retryMs: 60_000 });
    failing.write('x\n');
    await failing.close();
    expect(performance.now() - startMs).to.be.below(1000);
    expect(heard).to.deep.equal([['failed'], ['lost', 1]]);
  });

  it('does not wait longer than closeMs for a reader that never reads', async () => {
    const { reader, writer } = openFifo();
    const destination = open(writer);
    for (let n = 0; n < 8; n += 1) destination.write(`${'x'.repeat(11_999)}\n`);
    await destination.close();
    const bytes = Buffer.alloc(100_000);
    const received = bytes.subarray(0, readSync(reader, bytes)).filter((byte) => byte === 0x0a).length;
    closeSync(reader);
    expect(heard).to.deep.equal([['lost', 8 - received]]);
    expect(isOpen(writer)).to.equal(false);
  });

  it('counts the lines that find no room, and reports them once the queue is written', async () => {
    const writtenThen: number[] = [];
    const lost = (lines: number): void => {
      heard.push(['lost', lines]);
      writtenThen.push(files.lines('a').length);
    };
    const outage = { failed: () => {}, lost };
    const destination = asyncDestination(openSync(files.path('a'), 'a'), { limits, outage });
    for (let n = 0; n < 15; n += 1) destination.write(`${'x'.repeat(9_999)}\n`);
    await eventually(() => heard.length > 0, { everyMs: 2 });
    // The first is already under way when the queue is counted.
    expect(heard).to.deep.equal([['lost', 4]]);
    expect(writtenThen).to.deep.equal([11]);
    await destination.close();
  });
});
