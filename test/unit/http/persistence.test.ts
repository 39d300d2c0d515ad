import { expect } from 'chai';
import { HeadReader, type RequestHead } from '../../../src/http/head-reader.ts';
import { endsConnection, type Persistence, UNWANTED_BODY_BYTES } from '../../../src/http/persistence.ts';
import { LIMITS } from './limits.ts';

function headOf(text: string): RequestHead {
  const bytes = Buffer.from(text);
  const progress = new HeadReader({ ...LIMITS, maxFieldBytes: 100, maxHeadBytes: 100 }).read(bytes, 0, bytes.length);
  if ('status' in progress || progress.head === null) throw new Error(`no head: ${text}`);
  return progress.head;
}

const CALM: Persistence = {
  head: headOf('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
  ...{
    keepAliveMs: 1,
    hasPeerEnded: false,
    missingBytes: null,
    owesContinue: false,
    isDraining: false,
    hasMore: false,
  },
};
const oldHead = (connection: string) => headOf(`GET / HTTP/1.0\r\n${connection}\r\n`);

describe('endsConnection', () => {
  const rows: readonly (readonly [what: string, facts: Partial<Persistence>, ends: boolean])[] = [
    ['HTTP/1.1', {}, false],
    ['Connection: close', { head: headOf('GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n') }, true],
    ['HTTP/1.0', { head: oldHead('') }, true],
    ['HTTP/1.0 with keep-alive', { head: oldHead('Connection: x,keep-alive\r\n') }, false],
    ['HTTP/1.0 with both', { head: oldHead('Connection: close\r\nConnection: keep-alive\r\n') }, true],
    ['no keep-alive at all', { keepAliveMs: 0 }, true],
    ['a client that closed its side', { hasPeerEnded: true }, true],
    ['a client that closed its side behind another request', { hasPeerEnded: true, hasMore: true }, false],
    ['a rest of a body that is read for nothing', { missingBytes: UNWANTED_BODY_BYTES }, false],
    ['a rest that is too long for that', { missingBytes: UNWANTED_BODY_BYTES + 1 }, true],
    ['a body that may never come', { missingBytes: 1, owesContinue: true }, true],
    ['a drain', { isDraining: true }, true],
    ['a drain with another request behind', { isDraining: true, hasMore: true }, false],
  ];
  for (const [what, facts, ends] of rows) {
    it(`${what}: ${ends ? 'ends' : 'lives on'}`, () => {
      expect(endsConnection({ ...CALM, ...facts })).to.equal(ends);
    });
  }
});
