import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { prepareCommand } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { listening, openFds } from '../support/process-tree.ts';
import { scratch } from '../support/scratch.ts';
import { fixture, type Server, startServer } from '../support/server.ts';
import { masterWith, tryUpgrade, type UpgradedMaster, upgrade } from '../support/upgrade.ts';

/** The built server, which a release of these tests leads to. */
function builtServer(): string {
  const command = prepareCommand({});
  command.remove();
  return command.args[0] ?? '';
}

async function finish(server: Server, next: UpgradedMaster): Promise<void> {
  server.signal('SIGTERM');
  await server.event('upgrade.finished', ({ pid }) => pid === next.pid);
}

describe('where an upgrade comes from', () => {
  const files = scratch();

  /** A release in a directory of its own: it says its name, and runs the server. */
  function makeRelease(name: string): void {
    const text = `import { writeFileSync } from 'node:fs';
      writeFileSync(${JSON.stringify(files.path('runs'))}, ${JSON.stringify(name)});
      await import(${JSON.stringify(builtServer())});`;
    mkdirSync(files.path(name));
    writeFileSync(files.path(`${name}/bin.mjs`), text);
    writeFileSync(files.path(`${name}/app.mjs`), `export default (req, res) => res.end(${JSON.stringify(name)});`);
  }

  /** `current`, as deployments do it: in one step. */
  function switchTo(name: string): void {
    symlinkSync(name, files.path('next'));
    renameSync(files.path('next'), files.path('current'));
  }

  const start = () =>
    startServer({
      ...{ bin: files.path('current/bin.mjs'), app: './app.mjs', cwd: files.path('current') },
      env: { PWD: files.path('current') },
    });

  beforeEach(() => {
    makeRelease('one');
    makeRelease('two');
    switchTo('one');
  });

  it('M19: follows a link that leads to another release by now, for the program and for the directory', async () => {
    const server = await start();
    expect((await fetchText(server.url)).text).to.equal('one');
    switchTo('two');
    const next = await upgrade(server);
    await finish(server, next);
    expect(readFileSync(files.path('runs'), 'utf8')).to.equal('two');
    expect((await fetchText(server.url)).text).to.equal('two');
    await next.end();
    await server.stop();
  });

  it('M13, M19: says what is missing, and serves on: the directory, the program', async () => {
    const server = await start();
    const missing: readonly [path: string, says: RegExp][] = [
      ['current', /^the directory \S+current, in which this server was started, is not there$/],
      ['one/bin.mjs', /^there is no \S+current\/bin\.mjs, which this server was started from$/],
    ];
    for (const [path, says] of missing) {
      renameSync(files.path(path), files.path('moved'));
      const { reason } = await tryUpgrade(server, 'upgrade.refused');
      expect(String(reason)).to.match(says);
      renameSync(files.path('moved'), files.path(path));
      expect((await fetchText(server.url)).status).to.equal(200);
    }
    await server.stop();
  });

  it('M19: starts the Node.js that the same path leads to by now', async () => {
    const node = files.path('node');
    symlinkSync(process.env.TSUNICORN_TEST_NODE ?? process.execPath, node);
    const before = process.env.TSUNICORN_TEST_NODE;
    process.env.TSUNICORN_TEST_NODE = node;
    const server = await start().finally(() => {
      if (before === undefined) delete process.env.TSUNICORN_TEST_NODE;
      else process.env.TSUNICORN_TEST_NODE = before;
    });
    rmSync(node);
    const { reason } = await tryUpgrade(server, 'upgrade.refused');
    expect(String(reason)).to.match(/^there is no \S+node, the Node\.js that this server was started with$/);
    const other = `#!/bin/sh\ntouch '${files.path('other')}'\nexec '${before ?? process.execPath}' "$@"\n`;
    writeFileSync(node, other, { mode: 0o755 });
    const next = await upgrade(server);
    await finish(server, next);
    expect(existsSync(files.path('other'))).to.equal(true);
    await next.end();
    await server.stop();
  });
});

describe('the sockets of an upgrade', () => {
  it('S9: that a service manager passed reach the next master, and nothing that an application starts', async () => {
    for (const fd of [3, 20]) {
      const bin = fixture('programs/pass-socket.mjs');
      const bind = [`fd://${fd}`, ...Array.from({ length: 3 }, () => '127.0.0.1:0')];
      const server = await startServer({
        ...{ app: 'apps/spawns.cjs', bin, config: { bind } },
        env: { SERVER_BIN: builtServer(), PASS_AS: String(fd) },
      });
      let last = masterWith(server, server.log[0]?.pid ?? 0);
      const { addresses } = server;
      for (let turn = 0; turn < 2; turn += 1) {
        const next = await upgrade(server, { from: last.pid });
        expect(server.addresses).to.deep.equal(addresses);
        await last.end();
        await server.event('upgrade.finished', ({ pid }) => pid === next.pid);
        last = next;
      }
      await last.end();
      const ports = addresses.map((address) => Number(new URL(address).port));
      await eventually(() => !ports.some(listening), { until: 'nobody listens' });
      await eventually(() => server.processes().length === 3, { until: 'only what the application started is left' });
      for (const grandchild of server.processes()) {
        expect(openFds(grandchild).filter((target) => target.startsWith('socket:'))).to.deep.equal([]);
        process.kill(grandchild, 'SIGKILL');
      }
      await server.stop();
    }
  });
});
