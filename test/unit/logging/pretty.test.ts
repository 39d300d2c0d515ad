import { expect } from 'chai';
import { createPrettifier } from '../../../src/logging/pretty.ts';
import { anyText } from '../../support/any-text.ts';
import fc from '../../support/random.ts';

const base = { role: 'worker', pid: 9, workerId: 2 };
const plain = createPrettifier({ colors: false, base });

function lineOf(fields: Record<string, unknown>): string {
  return JSON.stringify({ level: 'info', time: '2026-11-22T10:46:06.789Z', event: 'hook.log', ...base, ...fields });
}

describe('createPrettifier', () => {
  it('shows time, level, message and the fields that matter on one line', () => {
    const line = plain(lineOf({ msg: 'worker exited', exitCode: 1, signal: null, path: '/a/b', note: 'two words' }));
    expect(line).to.match(
      /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: worker exited workerId=2 exitCode=1 signal=null path=\/a\/b note="two words"\n$/,
    );
  });

  it("shows a worker's pid on a line of the master", () => {
    expect(plain(lineOf({ msg: 'x', pid: 10 }))).to.include(' pid=10');
    expect(plain(lineOf({ msg: 'x' }))).to.not.include('pid=');
  });

  it('shows the stack of an error below the line, indented', () => {
    const line = plain(
      lineOf({ msg: 'failed', error: { message: 'no luck', stack: 'Error: no luck\n    at a.ts:1:1' } }),
    );
    expect(line.split('\n').slice(0, 3).join('|')).to.match(
      /failed workerId=2 error="no luck"\| {4}Error: no luck\| {8}at a/,
    );
  });

  it('shows where a worker is stuck below the line, a frame and a request a line', () => {
    const stack = ['spin (/app/a.ts:3:5)', 'evil\x1b[2J\n'];
    const requests = [{ method: 'GET', target: '/a', ageMs: 30_250 }];
    const line = plain(lineOf({ event: 'worker.timeout', msg: 'silent', state: 'running', stack, requests }));
    expect(line.split('\n').slice(0, 4).join('|')).to.match(
      /silent workerId=2 state=running\| {4}at spin \(\/app\/a\.ts:3:5\)\| {4}at evil\\u001B\[2J\\n\| {4}GET \/a, for 30\.3 s$/,
    );
  });

  it('escapes ESC, CR, LF and their kind in messages, keys, values and stacks', () => {
    const evil = 'a\x1b[2J\r\nb\x9b31m\u202e';
    const line = plain(
      lineOf({ msg: evil, [evil]: 1, value: evil, deep: { [evil]: [evil] }, error: { message: evil, stack: evil } }),
    );
    for (const character of '\x1b\r\x9b\u202e') expect(line).to.not.include(character);
    expect(line).to.match(/^.*INFO: a\\u001B\[2J\\r\\nb\\u009B31m\\u202E workerId=2 "a/);
    // The line itself and the two lines of the stack.
    expect(line.split('\n')).to.have.length(4);
  });

  it('keeps any field on its line', () => {
    fc.assert(
      fc.property(anyText(), fc.jsonValue(), (text, value) => {
        const line = plain(lineOf({ msg: text, [`k${text}`]: value, note: text }));
        expect(line).to.match(/^[^\p{Cc}\p{Zl}\p{Zp}]*\n$/u);
      }),
    );
  });

  it('is coloured only when asked', () => {
    const colored = createPrettifier({ colors: true, base });
    expect(colored(lineOf({ msg: 'x' }))).to.include('\x1b[');
    expect(plain(lineOf({ msg: 'x' }))).to.not.include('\x1b');
  });
});
