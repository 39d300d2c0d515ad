import { expect } from 'chai';
import { checkHooks, hookTable } from '../../../src/config/hooks.ts';

describe('hookTable', () => {
  it('holds the hooks of this release, each with the process that calls it', () => {
    const byProcess = (kind: string) => hookTable.flatMap((hook) => (hook.process === kind ? [hook.name] : []));
    expect(byProcess('master')).to.have.members([
      ...['onStarting', 'onReload', 'whenReady', 'preFork', 'childExit', 'nworkersChanged', 'workerReady', 'preExec'],
      ...['workerTimeout', 'onReloadFailed', 'onExit'],
    ]);
    expect(byProcess('worker')).to.have.members([
      ...['postFork', 'postWorkerInit', 'workerInt', 'workerAbort', 'workerExit', 'preRequest', 'postRequest'],
      'tlsContext',
    ]);
  });
});

describe('checkHooks', () => {
  it('takes functions with as many parameters as the hook has, or fewer', () => {
    const given = { onStarting: () => {}, preFork: (_server: unknown, _worker: unknown) => {}, onExit: async () => {} };
    expect(checkHooks(given)).to.deep.equal({ hooks: given, faults: [] });
  });

  it('refuses a function with more parameters than it is called with, and shows them', () => {
    const { hooks, faults } = checkHooks({ workerInt: (_server: unknown, _worker: unknown) => {} });
    expect(faults).to.deep.equal([
      'The hook "workerInt" declares 2 parameters, but it is called as workerInt(worker). Remove the parameters that it never gets.',
    ]);
    expect(hooks).to.deep.equal({});
  });

  it('refuses what is no function', () => {
    expect(checkHooks({ preFork: 'script.sh', onExit: null }).faults).to.deep.equal([
      'The hook "preFork" must be a function, but it is a string. Write preFork(server, worker) { … }.',
      'The hook "onExit" must be a function, but it is null. Write onExit(server) { … }.',
    ]);
  });
});
