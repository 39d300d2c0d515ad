import { expect } from 'chai';
import { helpText, parseOptions } from '../../../bench/options.ts';

describe('parseOptions', () => {
  it('measures everything and writes the page when nothing is chosen', () => {
    expect(parseOptions([])).to.include({ mode: 'measure', writes: true, measuresStart: true, scenarios: null });
  });

  for (const args of [['hello'], ['--peers', 'bare'], ['--ours', 'bun'], ['--quick'], ['start']]) {
    it(`does not write the page with ${args.join(' ')}, unless it is told to`, () => {
      expect(parseOptions(args).writes).to.equal(false);
      expect(parseOptions([...args, '--write']).writes).to.equal(true);
    });
  }

  it('takes fewer rounds when it shall be quick, and as many as it is told', () => {
    expect(parseOptions(['--quick']).rounds).to.be.lessThan(parseOptions([]).rounds);
    expect(parseOptions(['--quick', '--rounds', '31', '--seconds', '2'])).to.include({ rounds: 31, seconds: 2 });
  });

  it('measures start and memory when it is asked for by name', () => {
    expect(parseOptions(['start', 'hello']).measuresStart).to.equal(true);
    expect(parseOptions(['hello']).measuresStart).to.equal(false);
  });

  it('refuses what it does not know and says what there is', () => {
    expect(() => parseOptions(['helo'])).to.throw(/no scenario "helo".*hello, json/);
    expect(() => parseOptions(['--peers', 'bare,nginx'])).to.throw(/no server "nginx".*hono/);
    expect(() => parseOptions(['--rounds', '0'])).to.throw('--rounds takes a whole number above 0, not "0"');
    expect(() => parseOptions(['--fast'])).to.throw('--fast');
  });
});

describe('helpText', () => {
  it('names every option that parseOptions takes', () => {
    for (const [flag = ''] of helpText.matchAll(/^ {2}--\w+/gm)) {
      const args = [flag.trim(), 'bare', '1'].slice(0, /^ {2}--(peers|ours)/.test(flag) ? 2 : 1);
      const withNumber = /--(rounds|seconds)/.test(flag) ? [flag.trim(), '1'] : args;
      expect(() => parseOptions(withNumber), flag).not.to.throw();
    }
  });
});
