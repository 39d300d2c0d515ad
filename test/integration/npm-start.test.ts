import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { isAlive } from '../support/process-tree.ts';

const projectDir = fileURLToPath(new URL('../..', import.meta.url));

/** `npm start` with this Node, its port chosen by the kernel; ended by `stop`. */
async function npmStart(): Promise<{ url: string; workers: number[]; stop(): Promise<number | null> }> {
  const node = process.env.TSUNICORN_TEST_NODE ?? process.execPath;
  const child: ChildProcess = spawn(
    'npm',
    ['start', '--silent', '--', '--bind', '127.0.0.1:0', '--log-format', 'json'],
    {
      cwd: projectDir,
      env: { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}` },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let url = '';
  const workers: number[] = [];
  for await (const line of createInterface({ input: child.stderr ?? process.stdin })) {
    if (!line.startsWith('{')) continue;
    const { event, addresses, workerPid } = JSON.parse(line);
    if (event === 'server.listening') url = addresses[0];
    if (event === 'worker.ready') workers.push(workerPid);
    if (event === 'server.ready') break;
  }
  child.stderr?.resume();
  return {
    url,
    workers,
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const [code] = await gone;
      return code;
    },
  };
}

describe('npm start', () => {
  it('serves examples/hello with two workers from tsunicorn.conf.example.ts, and ends on TERM with nothing left', async () => {
    const server = await npmStart();
    const answer = await fetchText(server.url);
    const code = await server.stop();
    expect(answer.status).to.equal(200);
    expect(answer.text.toLowerCase()).to.contain('hello');
    expect(server.workers).to.have.lengthOf(2);
    expect(server.workers.filter(isAlive)).to.deep.equal([]);
    expect(code).to.equal(0);
  });
});
