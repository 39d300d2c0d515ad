import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { scratch } from '../support/scratch.ts';
import { runServer } from '../support/server.ts';

const flags = ['--check-config'];

/** `runServer` itself sees to it that no process is left. */
describe('--check-config', () => {
  const files = scratch();

  it('starts the application once, without a socket, a pid file or anything else of a server', async () => {
    const taken = createServer((socket) => socket.destroy());
    const accepted: unknown[] = [];
    taken.on('connection', (socket) => accepted.push(socket));
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const bind = [`127.0.0.1:${Object(taken.address()).port}`, `unix:${files.path('app.sock')}`];
    const config = { bind, pidFile: files.path('server.pid'), workers: 4 };
    const result = await runServer({ app: 'apps/express.mjs', config, flags });
    taken.close();
    expect(result).to.include({ code: 0, stderr: '' });
    expect(result.stdout.trimEnd()).to.match(
      /^The configuration is valid \(\S+tsunicorn\.conf\.json\), and the application starts\.$/,
    );
    expect(readdirSync(files.path())).to.deep.equal([]);
    expect(accepted).to.deep.equal([]);
  });

  it('ends with exit code 1 and every fault of a broken configuration', async () => {
    const result = await runServer({ app: 'apps/hello.mjs', config: { wokers: 2, timeout: -1 }, flags });
    expect(result.code).to.equal(1);
    expect(result.stdout).to.equal('');
    expect(result.stderr).to.match(
      /^tsunicorn: The configuration has 2 faults:\n {2}- .*"wokers".*"workers".*\n {2}- "timeout" .*\n$/,
    );
  });

  it('ends with exit code 1 and the words of a broken application', async () => {
    const words: Readonly<Record<string, RegExp>> = {
      'throws.mjs': /^tsunicorn: Error: thrown while the application is loaded\n {4}at file:.*throws\.mjs:1:7\n$/,
      'syntax.ts': /^tsunicorn: .*Unexpected token, expected ","\s+at \S+\/syntax\.ts:2:24\n$/,
      'exits.mjs':
        /^tsunicorn: The worker exited with code 0 before the application was ready\. .*:\n {4}at \S+exits\.mjs:1:9\n$/,
      'hangs.mjs': /^tsunicorn: The application was not ready within 1 s \(bootTimeout\)\. .*\n$/,
    };
    const check = async ([file, pattern]: readonly [string, RegExp]) => {
      const patience = file === 'hangs.mjs' ? ['--boot-timeout', '1'] : [];
      const result = await runServer({ app: `broken/${file}`, flags: [...flags, ...patience] });
      expect(result.code, file).to.equal(1);
      expect(result.stdout, file).to.equal('');
      expect(result.stderr, file).to.match(pattern);
    };
    await Promise.all(Object.entries(words).map(check));
  });

  it('ends with exit code 1 where a hook has parameters that it never gets', async () => {
    const config = 'export default { whenReady(server: unknown, worker: unknown) {} };';
    const result = await runServer({ app: 'apps/hello.mjs', config, flags });
    expect(result.code).to.equal(1);
    expect(result.stderr).to.include(
      'The hook "whenReady" declares 2 parameters, but it is called as whenReady(server).',
    );
  });
});
