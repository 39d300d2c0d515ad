import { expect } from 'chai';
import { transferCodingFault } from '../../../src/http/transfer-coding.ts';

describe('transferCodingFault', () => {
  const rows: readonly (readonly [value: string, status: number | null])[] = [
    ['chunked', null],
    ['CHUNKED', null],
    ['gzip', 501],
    ['gzip, chunked', 501],
    ['xchunked', 501],
    ['gzip, deflate', 501],
    ['chunked, gzip', 400],
    ['gzip, chunked, deflate', 400],
    ['', 400],
    [',', 400],
    ['chunked,', 400],
    ['chunked, chunked', 400],
    ['gzip, chunked, chunked', 400],
    ['chunked;q=1', 400],
    ['chun ked', 400],
    ['"chunked"', 400],
  ];
  for (const [value, status] of rows) {
    it(`${status === null ? 'takes' : `answers ${status} to`} "${value}"`, () => {
      expect(transferCodingFault(value)?.status ?? null).to.equal(status);
    });
  }
});
