import { expect } from 'chai';
import { type Origin, rememberOrigin } from '../../../src/http/origin.ts';
import { refusal } from '../../../src/http/refusal.ts';

describe('rememberOrigin', () => {
  const PEER = { address: '192.0.2.1', port: 1, encrypted: false };

  it('asks once for the very same list, and again for an equal one', () => {
    const asked: (readonly string[])[] = [];
    const originOf = rememberOrigin((fields): Origin => {
      asked.push(fields);
      return { clientAddress: '', secure: false, fields };
    }, PEER);
    const list = ['Host', 'a'];
    expect(originOf(list)).to.equal(originOf(list));
    expect(asked).to.have.length(1);
    originOf([...list]);
    expect(asked).to.have.length(2);
  });

  it('remembers no refusal, and keeps the origin before it', () => {
    const list = ['Host', 'a'];
    const bad = ['Host', 'a', 'X', 'b'];
    let calls = 0;
    const originOf = rememberOrigin((fields) => {
      calls += 1;
      return fields === bad ? refusal(400, 'x') : { clientAddress: '', secure: false, fields };
    }, PEER);
    const first = originOf(list);
    expect(originOf(bad)).to.have.property('status', 400);
    expect(originOf(bad)).to.have.property('status', 400);
    expect(originOf(list)).to.equal(first);
    expect(calls).to.equal(3);
  });
});
