import { expect } from 'chai';
import { readAnswerHead, readFields } from '../../../../src/app/interfaces/wsgi/answer-head.ts';
import { InvalidResponse } from '../../../../src/http/response-head.ts';

describe('readAnswerHead', () => {
  it('reads status, reason and fields', () => {
    const { status, reason, list, fields } = readAnswerHead('404 Not So Found\nX-A: 1\nSet-Cookie: a=b: c\nX-A: 2');
    expect([status, reason]).to.deep.equal([404, 'Not So Found']);
    expect(list).to.deep.equal(['X-A', '1', 'Set-Cookie', 'a=b: c', 'X-A', '2']);
    expect(fields.text).to.equal('X-A: 1\r\nSet-Cookie: a=b: c\r\nX-A: 2\r\n');
  });

  it('reads a status without a reason, and one in latin-1', () => {
    expect(readAnswerHead('200')).to.include({ status: 200, reason: '' });
    expect(readAnswerHead('200 ')).to.include({ status: 200, reason: '' });
    expect(readAnswerHead('200 Grün')).to.include({ reason: 'Grün' });
  });

  it('gives the same head for the same text', () => {
    const text = '200 OK\nX-Same: yes';
    expect(readAnswerHead(text)).to.equal(readAnswerHead(text));
  });

  it('remembers in bounds, and reads on when it has forgotten', () => {
    for (let count = 0; count < 2_000; count += 1)
      expect(readAnswerHead(`200 OK\nX-N: ${count}`).list[1]).to.equal(`${count}`);
    expect(readAnswerHead('200 OK\nX-N: 0').list[1]).to.equal('0');
    const long = `200 OK\nX-Long: ${'x'.repeat(5_000)}`;
    expect(readAnswerHead(long)).to.not.equal(readAnswerHead(long));
  });

  for (const text of [
    ...[
      '',
      'OK',
      '20 OK',
      '2000 OK',
      '99',
      '103 Early',
      '101 Switching',
      '200OK',
      '200 a\rb',
      '200 a\0b',
      '200 \u0100',
    ],
    ...['200 OK\nX-A', '200 OK\nX-A:1', '200 OK\nX A: 1', '200 OK\n: 1', '200 OK\nX-A: a\rX-B: b', '200 OK\nX-A: \0'],
    ...['200 OK\nContent-Length: -1', '200 OK\nContent-Length: 1\nContent-Length: 2', '200 OK\n'],
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => readAnswerHead(text)).to.throw(InvalidResponse);
    });
  }
});

describe('readFields', () => {
  it('takes lines apart at their first colon', () => {
    expect(readFields(['Link: </a: b>', 'X: '])).to.deep.equal(['Link', '</a: b>', 'X', '']);
  });
});
