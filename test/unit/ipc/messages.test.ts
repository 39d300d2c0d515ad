import { expect } from 'chai';
import { LONGEST_TEXT, parseMasterMessage, parseWorkerMessage } from '../../../src/ipc/messages.ts';
import fc from '../../support/random.ts';

describe('parseWorkerMessage', () => {
  const good = [
    { type: 'ready' },
    { type: 'heartbeat' },
    { type: 'leaving' },
    { type: 'refusing' },
    { type: 'recycle', why: 'maxRequests' },
    { type: 'recycle', why: 'maxMemory', memoryMiB: 600 },
    { type: 'recycle', why: 'descriptors' },
    { type: 'bootOutput', output: 'connecting\n' },
    { type: 'bootFailed', code: 'APP_LOAD', text: 'no db', output: 'connecting\n' },
  ];
  for (const message of good) {
    it(`takes ${message.type}`, () => expect(parseWorkerMessage(message)).to.deep.equal(message));
  }

  const bad: readonly unknown[] = [
    null,
    'ready',
    [],
    {},
    { type: 'kill', workerId: 1 },
    { type: 'recycle' },
    { type: 'recycle', why: 'because' },
    { type: 'bootFailed', code: 'toString', text: 'x', output: '' },
    { type: 'bootFailed', code: 'APP_LOAD', text: 7, output: '' },
    { type: 'bootFailed', code: 'APP_LOAD', text: 'x' },
    { type: 'bootOutput' },
    { type: 'boot' },
  ];
  for (const message of bad) {
    it(`refuses ${JSON.stringify(message)}`, () => expect(parseWorkerMessage(message)).to.equal(null));
  }

  it('passes on nothing that it does not know', () => {
    expect(parseWorkerMessage({ type: 'ready', path: '/etc/passwd' })).to.deep.equal({ type: 'ready' });
  });

  it('bounds texts', () => {
    const long = 'x'.repeat(10 * LONGEST_TEXT);
    const message = parseWorkerMessage({ type: 'bootFailed', code: 'APP_LOAD', text: long, output: long });
    expect(message?.type === 'bootFailed' && [message.text.length, message.output.length]).to.deep.equal([
      LONGEST_TEXT,
      LONGEST_TEXT,
    ]);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.anything(), (raw) => void parseWorkerMessage(raw)));
  });
});

describe('parseMasterMessage', () => {
  const boot = {
    type: 'boot',
    workerId: 1,
    generation: 1,
    listeners: [{ fd: 4, url: 'http://127.0.0.1:8000' }],
    quiet: false,
    config: { app: './app.ts' },
    configFile: { path: '/a', source: '' },
    tls: { key: 'k', cert: 'c', ca: null, ticketKeys: 't' },
    runAs: { uid: 33, gid: 33, groups: [33], name: 'www-data' },
  };
  const good = [
    boot,
    { ...boot, configFile: null, tls: null, runAs: null },
    { ...boot, runAs: { ...boot.runAs, name: null } },
    { ...boot, tls: { ...boot.tls, ca: 'a' } },
    { type: 'drain', mode: 'retire', graceMs: 5, removed: ['unix:/a'] },
    { type: 'reopenLogs' },
    { type: 'allRefuse' },
    { type: 'admit' },
  ];
  for (const message of good) {
    it(`takes ${message.type}`, () => expect(parseMasterMessage(message)).to.deep.equal(message));
  }

  const bad: readonly unknown[] = [
    { ...boot, listeners: [{ fd: -1, url: '' }] },
    { ...boot, listeners: null },
    { ...boot, configFile: 'x' },
    { ...boot, config: null },
    { ...boot, tls: undefined },
    { ...boot, runAs: undefined },
    { ...boot, runAs: { uid: 33, gid: 33, groups: ['33'], name: null } },
    { ...boot, runAs: { ...boot.runAs, uid: '0' } },
    { ...boot, tls: { ...boot.tls, key: 7 } },
    { ...boot, tls: { ...boot.tls, ca: undefined } },
    { type: 'drain', mode: 'fast', graceMs: 5, removed: [] },
    { type: 'drain', mode: 'quick', graceMs: Number.POSITIVE_INFINITY, removed: [] },
    { type: 'drain', mode: 'quick', graceMs: 5, removed: [7] },
    { type: 'hello' },
    'reopenLogs',
  ];
  for (const message of bad) {
    it(`refuses ${JSON.stringify(message)}`, () => expect(parseMasterMessage(message)).to.equal(null));
  }
});
