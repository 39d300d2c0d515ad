import { expect } from 'chai';
import {
  type BodyPlan,
  framingText,
  type HeadParts,
  headText,
  InvalidResponse,
  planBody,
  type ResponseHead,
  renderFields,
} from '../../../src/http/response-head.ts';

const headOf = (status: number, fields: readonly string[] = []): ResponseHead => ({
  ...{ status, reason: '' },
  fields: renderFields(fields),
});

describe('renderFields', () => {
  it('writes names and values as they are, a line each', () => {
    expect(renderFields(['X-A', 'b', 'x-a', '', 'Set-Cookie', 'c=d; \xe9']).text).to.equal(
      'X-A: b\r\nx-a: \r\nSet-Cookie: c=d; \xe9\r\n',
    );
  });

  it('keeps back what is the business of the server, in any letters', () => {
    const names = ['Connection', 'keep-alive', 'PROXY-CONNECTION', 'Transfer-Encoding', 'upgrade', 'TE', 'Trailer'];
    expect(renderFields(names.flatMap((name) => [name, 'x'])).text).to.equal('');
  });

  it('tells Content-Length apart, and whether there are Date and Server', () => {
    const { text, ...rest } = renderFields(['content-length', '12', 'DATE', 'x', 'Server', 'y']);
    expect(rest).to.deep.equal({ contentLength: 12, closes: false, hasDate: true, hasServer: true });
    expect(text).to.equal('DATE: x\r\nServer: y\r\n');
  });

  it('closes where Connection says so, as a word of its own', () => {
    const closes = (value: string) => renderFields(['Connection', value]).closes;
    for (const value of ['close', 'Close', 'x, close', 'close ,x', '\tclose\t'])
      expect(closes(value), value).to.equal(true);
    for (const value of ['', 'closed', 'x-close', 'keep-alive', 'close x'])
      expect(closes(value), value).to.equal(false);
  });

  it('throws where a name is no token', () => {
    for (const name of ['', 'a b', 'a:', 'a\r\n', 'a\n', '\xe9', 'a\0', '(a)']) {
      expect(() => renderFields([name, 'x']), JSON.stringify(name)).to.throw(InvalidResponse);
    }
  });

  it('throws where a value holds what would end its line, or another control', () => {
    for (const value of ['a\r\nb', 'a\n', '\n', '\r', 'a\0', '\x7f', '\x1b', '\u0100', 'a\u2028']) {
      expect(() => renderFields(['x', value]), JSON.stringify(value)).to.throw(InvalidResponse);
    }
  });

  it('throws where Content-Length is no number, or there twice', () => {
    for (const value of ['', '-1', '+1', '1.5', '1e3', ' 1', '0x1', '1234567890123456']) {
      expect(() => renderFields(['Content-Length', value]), JSON.stringify(value)).to.throw(InvalidResponse);
    }
    expect(() => renderFields(['Content-Length', '1', 'content-length', '1'])).to.throw(InvalidResponse, 'twice');
  });

  it('remembers the last list by identity, and nothing of one that it refused', () => {
    const list = ['X', 'a'];
    expect(renderFields(list)).to.equal(renderFields(list));
    const bad = ['X', '\n'];
    expect(() => renderFields(bad)).to.throw(InvalidResponse);
    expect(() => renderFields(bad)).to.throw(InvalidResponse);
  });
});

describe('planBody and framingText', () => {
  type Row = readonly [
    what: string,
    head: ResponseHead,
    request: { method: string; minorVersion: 0 | 1 },
    length: number | null,
    plan: BodyPlan,
    framing: string,
  ];
  const get = { method: 'GET', minorVersion: 1 } as const;
  const headRequest = { method: 'HEAD', minorVersion: 1 } as const;
  const old = { method: 'GET', minorVersion: 0 } as const;
  const announced = ['Content-Length', '7'];
  const length = (bytes: number) => `Content-Length: ${bytes}\r\n`;
  const rows: readonly Row[] = [
    ['a known length', headOf(200), get, 3, { kind: 'sized', bytes: 3 }, length(3)],
    ['nothing', headOf(200), get, 0, { kind: 'sized', bytes: 0 }, length(0)],
    ['an announced length goes first', headOf(200, announced), get, 3, { kind: 'sized', bytes: 7 }, length(7)],
    ['an unknown length', headOf(200), get, null, { kind: 'chunked' }, 'Transfer-Encoding: chunked\r\n'],
    ['an unknown length for HTTP/1.0', headOf(200), old, null, { kind: 'close' }, ''],
    ['a known length for HTTP/1.0', headOf(200), old, 3, { kind: 'sized', bytes: 3 }, length(3)],
    ['HEAD says what GET would', headOf(200), headRequest, 3, { kind: 'none' }, length(3)],
    ['HEAD says what is announced', headOf(200, announced), headRequest, null, { kind: 'none' }, length(7)],
    ['HEAD of an unknown length', headOf(200), headRequest, null, { kind: 'none' }, ''],
    ['HEAD with no body given', headOf(200), headRequest, 0, { kind: 'none' }, ''],
    ['204 has no length', headOf(204, announced), get, 3, { kind: 'none' }, ''],
    ['304 says only what is announced', headOf(304, announced), get, 3, { kind: 'none' }, length(7)],
    ['304 says no length of its own', headOf(304), get, 3, { kind: 'none' }, ''],
  ];
  for (const [what, head, request, bytes, plan, framing] of rows) {
    it(what, () => {
      expect(planBody(head, request, bytes)).to.deep.equal(plan);
      expect(framingText(plan, head, bytes)).to.equal(framing);
    });
  }
});

describe('headText', () => {
  const parts = (over: { status?: number; fields?: readonly string[] } & Partial<HeadParts> = {}): HeadParts => {
    const { status = 200, fields = ['a', '1'], length = 5, standing = 'Date: now\r\n', connection = '' } = over;
    const head = { status, reason: 'OK', fields: renderFields(fields) };
    return { head, plan: { kind: 'sized', bytes: length ?? 0 }, length, standing, connection };
  };
  const expected = (status: number, field: string, rest: string) => `HTTP/1.1 ${status} OK\r\n${field}\r\n${rest}\r\n`;

  it('remembers the last head, and writes another one where anything differs', () => {
    const rest = 'Content-Length: 5\r\nDate: now\r\n';
    expect(headText(parts())).to.equal(expected(200, 'a: 1', rest));
    expect(headText(parts())).to.equal(expected(200, 'a: 1', rest));
    expect(headText(parts({ status: 201 }))).to.equal(expected(201, 'a: 1', rest));
    expect(headText(parts({ fields: ['a', '2'] }))).to.equal(expected(200, 'a: 2', rest));
    expect(headText(parts({ length: 6 }))).to.equal(expected(200, 'a: 1', rest.replace('5', '6')));
    expect(headText(parts({ standing: 'Date: later\r\n' }))).to.equal(
      expected(200, 'a: 1', rest.replace('now', 'later')),
    );
    expect(headText(parts({ connection: 'Connection: close\r\n' }))).to.equal(
      expected(200, 'a: 1', `${rest}Connection: close\r\n`),
    );
    expect(headText(parts())).to.equal(expected(200, 'a: 1', rest));
  });
});
