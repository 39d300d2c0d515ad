import { expect } from 'chai';
import { type ParseFault, refusalOf } from '../../../../src/app/interfaces/node/parse-fault.ts';

const fault: ParseFault = { code: 'HPE_INVALID_CONSTANT', message: '', text: '', readBytes: 0, isStart: true };

describe('refusalOf', () => {
  const rows: readonly (readonly [name: string, fault: Partial<ParseFault>, status: number])[] = [
    ['anything else', {}, 400],
    ['an unknown method', { code: 'HPE_INVALID_METHOD', text: 'FOO / HTTP/1.1\r\n' }, 400],
    ['another version', { code: 'HPE_INVALID_VERSION', message: 'Parse Error: Invalid HTTP version' }, 505],
    ['a version that is none', { code: 'HPE_INVALID_VERSION', message: 'Parse Error: Expected dot' }, 400],
    ['extensions of a chunk', { code: 'HPE_CHUNK_EXTENSIONS_OVERFLOW' }, 400],
    ['a line too long', { code: 'HPE_HEADER_OVERFLOW', text: 'GET /aaaa\r\n', readBytes: 8 }, 414],
    ['fields too long', { code: 'HPE_HEADER_OVERFLOW', text: 'GET / HTTP/1.1\r\nX: aaaa', readBytes: 20 }, 431],
    ['the rest of a line', { code: 'HPE_HEADER_OVERFLOW', text: 'aaaa', readBytes: 4, isStart: false }, 414],
    ['the rest of fields', { code: 'HPE_HEADER_OVERFLOW', text: 'aa\r\nX: a', readBytes: 8, isStart: false }, 431],
  ];
  for (const [name, change, status] of rows) {
    it(`is ${status} for ${name}`, () => expect(refusalOf({ ...fault, ...change }).status).to.equal(status));
  }
});
