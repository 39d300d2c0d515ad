import { expect } from 'chai';
import { diffConfigs, restartNeeded } from '../../../src/config/diff.ts';
import { sampleConfig } from './sample-config.ts';

describe('diffConfigs', () => {
  const before = sampleConfig();

  it('finds nothing between equals, whatever the order of keys', () => {
    const left = { ...before, env: { A: '1', B: '2' } };
    expect(diffConfigs(left, { ...sampleConfig(), env: { B: '2', A: '1' } })).to.deep.equal([]);
  });

  it('tells each changed setting with both values', () => {
    expect(diffConfigs(before, { ...before, workers: 4, bind: ['x:1'] })).to.deep.equal([
      { name: 'bind', appliesOn: 'reload', oldText: '["127.0.0.1:8000"]', newText: '["x:1"]' },
      { name: 'workers', appliesOn: 'reload', oldText: '1', newText: '4' },
    ]);
  });

  it('hides secrets', () => {
    const [change] = diffConfigs(before, { ...before, env: { API_KEY: 'hunter2' } });
    expect(change?.newText).to.equal('{"API_KEY":"(hidden)"}');
  });
});

describe('restartNeeded', () => {
  it('keeps only what a reload cannot apply', () => {
    const before = sampleConfig();
    const changes = diffConfigs(before, { ...before, workers: 4, procName: 'x', pidFile: '/x' });
    expect(restartNeeded(changes).map(({ name }) => name)).to.deep.equal(['pidFile', 'procName']);
  });
});
