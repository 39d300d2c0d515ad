import { expect } from 'chai';
import { gunicornAnswer, nearestChoice } from '../../../src/config/gunicorn.ts';
import { findHook } from '../../../src/config/hooks.ts';
import { findSetting } from '../../../src/config/settings/index.ts';

describe('gunicornAnswer', () => {
  const cases: readonly [written: string, answer: RegExp][] = [
    ['raw_env', /^"raw_env" is "env" here/],
    ['wsgi_app', /"app" here/],
    ['worker_class', /left out on purpose: .* Remove it\.$/],
    ['worker-class', /left out on purpose/],
    ['permit_obsolete_folding', /left out on purpose: loosening HTTP/],
    ['config', /the flag --config/],
    ['ca_certs', /^"ca_certs" is "caFile" here/],
    ['syslog', /not in this release/],
    ['initgroups', /left out on purpose: the groups of "user" are always set/],
    ['preload', /^"preload" is "preloadApp" here/],
    ['worker_connections', /not in this release\. Let a proxy/],
  ];
  for (const [written, answer] of cases) {
    it(`tells what to do instead of ${written}`, () => expect(gunicornAnswer(written)).to.match(answer));
  }

  it('says nothing about names that nobody has', () => expect(gunicornAnswer('frobnicate')).to.equal(undefined));

  it('sends nobody away from a name that exists', () => {
    const names = ['raw_env', 'syslog', 'paste', 'preload'];
    expect(names.filter((name) => findSetting(name) ?? findHook(name))).to.deep.equal([]);
  });
});

describe('nearestChoice', () => {
  const levels = ['debug', 'info', 'warn', 'error'];
  const cases: readonly [written: string, choice: string | undefined][] = [
    ['warning', 'warn'],
    ['CRITICAL', 'error'],
    ['debgu', 'debug'],
    ['INFO', 'info'],
    ['loud', undefined],
  ];
  for (const [written, choice] of cases) {
    it(`"${written}" is ${choice ?? 'nothing known'}`, () => {
      expect(nearestChoice('logLevel', written, levels)).to.equal(choice);
    });
  }
});
