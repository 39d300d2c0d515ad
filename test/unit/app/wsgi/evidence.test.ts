import { expect } from 'chai';
import { evidenceOf } from '../../../../src/app/interfaces/wsgi/evidence.ts';

const HOST = '/srv/node_modules/tsunicorn/dist/app/interfaces/wsgi/host.py';

describe('evidenceOf', () => {
  it('keeps the threads in which the application is, and its own frames of them', () => {
    const words = [
      'Fatal Python error: Aborted',
      '',
      'Thread 0x00007f01 (most recent call first):',
      `  File "${HOST}", line 953 in work`,
      '  File "/usr/lib/python3.11/threading.py", line 982 in run',
      '',
      'Current thread 0x00007f02 (most recent call first):',
      '  File "/srv/shop/views.py", line 87 in block',
      `  File "${HOST}", line 499 in run`,
    ].join('\n');
    expect(evidenceOf(words)).to.equal(
      'Fatal Python error: Aborted\n\nCurrent thread 0x00007f02 (most recent call first):\n  File "/srv/shop/views.py", line 87 in block',
    );
  });

  it('leaves alone what has no frame of the application', () => {
    const idle = `Thread 0x01 (most recent call first):\n  File "${HOST}", line 953 in work`;
    expect(evidenceOf(idle)).to.equal(idle);
    expect(evidenceOf('MemoryError\n\nsorry')).to.equal('MemoryError\n\nsorry');
  });

  it('keeps the end of a long text', () => {
    expect(evidenceOf(`${'x'.repeat(100_000)}end`))
      .to.have.length(8 * 1024)
      .and.match(/end$/);
  });
});
