import { expect } from 'chai';
import { displayValue, looksSecret, quoteValue } from '../../../src/config/display.ts';
import { setting } from '../../../src/config/setting.ts';
import { findSetting } from '../../../src/config/settings/index.ts';

function shown(name: string, value: unknown): string {
  const found = findSetting(name);
  if (found === undefined) throw new Error(name);
  return displayValue(found, value);
}

describe('looksSecret', () => {
  const secret = [
    'API_KEY',
    'DB_PASSWORD',
    'db_pass',
    'AUTH_TOKEN',
    'CLIENT_SECRET',
    'SENTRY_DSN',
    'DB_PWD',
    'MY_PW_2',
  ];
  const open = ['NODE_ENV', 'PORT', 'LANG', 'TZ', 'PATH', 'PWD'];
  for (const key of secret) {
    it(`hides ${key}`, () => expect(looksSecret(key)).to.equal(true));
  }
  for (const key of open) it(`shows ${key}`, () => expect(looksSecret(key)).to.equal(false));
});

describe('displayValue', () => {
  it('hides the entries of env whose key looks secret', () => {
    expect(shown('env', { API_KEY: 'hunter2', LANG: 'C' })).to.equal('{"API_KEY":"(hidden)","LANG":"C"}');
  });

  it('hides the password in a URL, whatever its key', () => {
    expect(shown('env', { DB: 'postgres://me:hunter2@db/x' })).to.equal('{"DB":"postgres://me:(hidden)@db/x"}');
  });

  it('hides a password with a slash or an at sign in it', () => {
    expect(shown('env', { DB: 'amqp://me:hun/t@er2@mq/x' })).to.equal('{"DB":"amqp://me:(hidden)@mq/x"}');
  });

  it('hides the whole value of a setting that is always secret', () => {
    const secret = setting({
      ...{ name: 'x', section: 'Process', appliesOn: 'reload', schema: { type: 'string' }, secret: 'always' },
      ...{ example: 'x', summary: '', details: '' },
    });
    expect(displayValue(secret, 'hunter2')).to.equal('(hidden)');
  });

  it('writes a file mode in octal', () => expect(shown('socketMode', 0o660)).to.equal('0o660'));
  it('writes text and lists as JSON', () => expect(shown('bind', ['a:1'])).to.equal('["a:1"]'));
});

describe('quoteValue', () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  const cases: readonly [value: unknown, text: string][] = [
    ['four', '"four" (a string)'],
    [Number.NaN, 'NaN (a number)'],
    [null, 'null'],
    [() => 1, 'a function'],
    [12n, '12 (a bigint)'],
    [cycle, 'an array (an array)'],
    ['x'.repeat(200), `"${'x'.repeat(79)}… (a string)`],
  ];
  for (const [value, text] of cases) it(`writes ${text.slice(0, 30)}`, () => expect(quoteValue(value)).to.equal(text));
});
