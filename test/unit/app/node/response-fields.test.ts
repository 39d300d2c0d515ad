import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect } from 'chai';
import { dropHeld, type Fields, kindOf, withoutOurs } from '../../../../src/app/interfaces/node/response-fields.ts';

function responseTo(version: '1.0' | '1.1'): ServerResponse {
  const request = new IncomingMessage(new Socket());
  Object.assign(request, { httpVersionMajor: 1, httpVersionMinor: version === '1.1' ? 1 : 0 });
  return Object.assign(new ServerResponse(request), { shouldKeepAlive: true });
}

describe('kindOf', () => {
  const rows: readonly (readonly [unknown, string | null])[] = [
    ['Content-Length', 'length'],
    ['CONTENT-LENGTH', 'length'],
    ['server', 'server'],
    ['TE', 'ours'],
    ['Connection', 'ours'],
    ['Keep-Alive', 'ours'],
    ['X-Content-Lengt', null],
    ['Cookie', null],
    [7, null],
  ];
  for (const [name, kind] of rows) it(`of ${name} is ${kind}`, () => expect(kindOf(name)).to.equal(kind));
});

describe('withoutOurs', () => {
  const given: readonly (readonly [string, Fields])[] = [
    ['an object', { 'X-A': 'a', 'Set-Cookie': ['a=1', 'b=2'], TE: 'trailers', Connection: 'close, x' }],
    ['a flat list', ['X-A', 'a', 'Set-Cookie', ['a=1', 'b=2'], 'TE', 'trailers', 'Connection', 'close, x']],
    [
      'pairs',
      [
        ['X-A', 'a'],
        ['Set-Cookie', ['a=1', 'b=2']],
        ['TE', 'trailers'],
        ['Connection', 'close, x'],
      ],
    ],
  ];
  for (const [name, fields] of given) {
    it(`takes the fields of the connection from ${name}, and heeds close`, () => {
      const response = responseTo('1.1');
      const kept = withoutOurs(response, { given: fields, status: 200, isSized: false });
      expect(kept).to.deep.equal(['X-A', 'a', 'Set-Cookie', ['a=1', 'b=2']]);
      expect(response.shouldKeepAlive).to.equal(false);
    });
  }

  const chunked = { 'Transfer-Encoding': 'chunked' };
  const rows: readonly (readonly [name: string, version: '1.0' | '1.1', isSized: boolean, kept: number])[] = [
    ['leaves chunks to HTTP/1.1', '1.1', false, 2],
    ['takes chunks from an answer whose length is known', '1.1', true, 0],
    ['takes chunks from HTTP/1.0', '1.0', false, 0],
  ];
  for (const [name, version, isSized, kept] of rows) {
    it(name, () => {
      expect(withoutOurs(responseTo(version), { given: chunked, status: 200, isSized })).to.have.length(kept);
    });
  }

  it('leaves Upgrade where it is the answer', () => {
    for (const status of [101, 426]) {
      expect(withoutOurs(responseTo('1.1'), { given: { Upgrade: 'b' }, status, isSized: false })).to.have.length(2);
    }
  });
});

describe('dropHeld', () => {
  it('takes the fields of the connection that were set one by one', () => {
    const response = responseTo('1.1');
    for (const name of ['Keep-Alive', 'Proxy-Connection', 'Upgrade', 'TE', 'X-A']) response.setHeader(name, 'a');
    response.setHeader('Transfer-Encoding', 'gzip');
    response.setHeader('Connection', 'upgrade, x');
    dropHeld(response, 200);
    expect(response.getHeaders()).to.deep.equal({ 'x-a': 'a', connection: 'keep-alive' });
  });
});
