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
    { type: 'recycle', why: 'descriptors' },
    { type: 'output', text: 'booting' },
    { type: 'bootFailed', code: 'APP_LOAD', text: 'no db' },
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
    { type: 'output', text: 7 },
    { type: 'recycle' },
    { type: 'recycle', why: 'because' },
    { type: 'bootFailed', code: 'toString', text: 'x' },
    { type: 'bootFailed', code: 'APP_LOAD', text: 7 },
    { type: 'boot' },
  ];
  for (const message of bad) {
    it(`refuses ${JSON.stringify(message)}`, () => expect(parseWorkerMessage(message)).to.equal(null));
  }

  it('passes on nothing that it does not know', () => {
    expect(parseWorkerMessage({ type: 'ready', path: '/etc/passwd' })).to.deep.equal({ type: 'ready' });
  });

  it('bounds texts', () => {
    const message = parseWorkerMessage({ type: 'bootFailed', code: 'APP_LOAD', text: 'x'.repeat(10 * LONGEST_TEXT) });
    expect(message?.type === 'bootFailed' && message.text.length).to.equal(LONGEST_TEXT);
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
    config: { app: './app.ts' },
    configFile: { path: '/a', source: '' },
    tls: { key: 'k', cert: 'c', ca: null, ticketKeys: 't' },
  };
  const good = [
    boot,
    { ...boot, configFile: null, tls: null },
    { ...boot, tls: { ...boot.tls, ca: 'a' } },
    { type: 'drain', mode: 'retire', graceMs: 5, removed: ['unix:/a'] },
    { type: 'reopenLogs' },
    { type: 'allRefuse' },
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
