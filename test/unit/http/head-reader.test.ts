import { expect } from 'chai';
import { HeadReader } from '../../../src/http/head-reader.ts';
import type { HttpLimits } from '../../../src/http/limits.ts';

const FIELD_LINES = 'Host: a\r\nX: 1234567\r\n';
const limits: HttpLimits = {
  maxRequestLineBytes: 100,
  maxFields: 10,
  maxFieldBytes: 100,
  maxHeadBytes: FIELD_LINES.length,
  maxBodyBytes: null,
  headerTimeoutMs: 1,
  bodyTimeoutMs: 1,
  writeTimeoutMs: 1,
  requestTimeoutMs: null,
  keepAliveMs: 1,
  drainIdleTimeoutMs: 1,
};

/** The status of the refusal, 200 for a whole head, 0 for one that has not ended. */
function readBytewise(text: string): number {
  const reader = new HeadReader(limits);
  for (const byte of Buffer.from(text, 'latin1')) {
    const progress = reader.read(Buffer.from([byte]), 0, 1);
    if ('status' in progress) return progress.status;
    if (progress.head !== null) return 200;
  }
  return 0;
}

describe('HeadReader', () => {
  it('takes field lines of exactly maxHeadBytes, also byte by byte', () => {
    expect(readBytewise(`GET / HTTP/1.1\r\n${FIELD_LINES}\r\n`)).to.equal(200);
    expect(readBytewise(`GET / HTTP/1.1\r\n${FIELD_LINES.replace('7', '78')}\r\n`)).to.equal(431);
  });
});
