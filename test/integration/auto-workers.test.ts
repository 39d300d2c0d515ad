import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { usableCpus } from '../../src/os/cpus.ts';
import { eventually } from '../support/eventually.ts';
import { reload } from '../support/reload.ts';
import { runServer, type Server, startServer } from '../support/server.ts';

/** The CPUs that this process may run on, as `taskset` takes them: `0-3,6`. */
function allowedCpus(): string {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  if (list === undefined) throw new Error('the kernel does not tell the CPUs of a process');
  return list;
}

/** Confines a process, all its threads too. */
function confine(pid: number, cpus: string): void {
  const { status, stderr } = spawnSync('taskset', ['-acp', cpus, String(pid)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`taskset: ${stderr}`);
}

describe('workers: auto', () => {
  before(function () {
    if (spawnSync('taskset', ['--version']).status !== 0) this.skip();
  });

  it('is as many as there are CPUs, and a reload counts anew', async () => {
    const server = await startServer({ app: 'apps/hello.mjs', config: { workers: 'auto' } });
    const reloadOn = async (target: Server, cpus: string, workers: number) => {
      confine(target.pid, cpus);
      await reload(target);
      await eventually(() => target.workers().length === workers, { until: `CPUs ${cpus} have ${workers} workers` });
    };
    const all = allowedCpus();
    expect(server.workers()).to.have.length(usableCpus());
    await reloadOn(server, all.replace(/\D.*$/, ''), 1);
    await reloadOn(server, all, usableCpus());
    await server.stop();
  });

  it('is shown as the number that it is, with its source', async () => {
    const places = [
      [{ flags: ['-w', 'auto'] }, 'flag --workers'],
      [{ env: { WEB_CONCURRENCY: 'auto' } }, 'environment WEB_CONCURRENCY'],
    ] as const;
    for (const [options, source] of places) {
      const flags = ['--print-config', ...('flags' in options ? options.flags : [])];
      const { code, stdout } = await runServer({ app: 'apps/hello.mjs', ...options, flags });
      expect(code).to.equal(0);
      expect(stdout).to.match(new RegExp(`^workers +${usableCpus()} +# ${source}$`, 'm'));
    }
  });
});
