import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { expect } from 'chai';
import { syncDestination } from '../../../src/logging/sync-destination.ts';
import { scratch } from './scratch.ts';

describe('syncDestination', () => {
  const files = scratch();

  function openFifo(): { reader: number; writer: number } {
    execFileSync('mkfifo', [files.path('fifo')]);
    const reader = openSync(files.path('fifo'), constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(files.path('fifo'), constants.O_WRONLY | constants.O_NONBLOCK);
    return { reader, writer };
  }

  function drain(fd: number): string {
    const bytes = Buffer.alloc(1_048_576);
    let text = '';
    for (;;) {
      try {
        const count = readSync(fd, bytes);
        if (count === 0) return text;
        text += bytes.toString('latin1', 0, count);
      } catch {
        return text;
      }
    }
  }

  it('loses whole lines when a pipe is full, tears none, and goes on when it is read', () => {
    const { reader, writer } = openFifo();
    const destination = syncDestination(writer, { owned: true });
    // Longer than PIPE_BUF: the kernel takes such a line in part.
    const line = (n: number): string => `${String(n).padStart(6, '0')}${'x'.repeat(9000)}\n`;
    const accepted: number[] = [];
    for (let n = 0; n < 300; n += 1) if (destination.write(line(n))) accepted.push(n);
    expect(accepted.length).to.be.within(2, 299);
    let text = drain(reader);
    expect(destination.write(line(300))).to.equal(true);
    destination.close();
    text += drain(reader);
    closeSync(reader);
    expect(text).to.equal([...accepted, 300].map(line).join(''));
  });

  it('never writes later what it has called lost', () => {
    const { reader, writer } = openFifo();
    const destination = syncDestination(writer, { owned: true });
    const line = (n: number): string => `${String(n).padStart(1023, '0')}\n`;
    const accepted: number[] = [];
    for (let n = 0; n < 2000; n += 1) if (destination.write(line(n))) accepted.push(n);
    expect(accepted.length).to.be.within(1, 1999);
    let text = drain(reader);
    destination.write('last\n');
    destination.close();
    text += drain(reader);
    closeSync(reader);
    expect(text).to.equal(`${accepted.map(line).join('')}last\n`);
  });

  it('survives a reader that is gone', () => {
    const { reader, writer } = openFifo();
    closeSync(reader);
    const destination = syncDestination(writer, { owned: true });
    expect(destination.write('x\n')).to.equal(false);
    destination.close();
  });
});
