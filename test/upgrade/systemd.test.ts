import { existsSync, unlinkSync } from 'node:fs';
import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { targetOf } from '../support/invariants.ts';
import { type NotifyReceiver, startNotifyReceiver } from '../support/notify-receiver.ts';
import { pendingWithoutPython } from '../support/python.ts';
import { scratch } from '../support/scratch.ts';
import { startServer } from '../support/server.ts';
import { knock, ownAddress, pendingWithoutSystemd, socketActivate } from '../support/systemd.ts';
import { upgrade } from '../support/upgrade.ts';

describe('an upgrade under systemd', () => {
  before(function () {
    pendingWithoutSystemd(this);
    pendingWithoutPython(this);
  });
  const files = scratch();
  let manager: NotifyReceiver;

  beforeEach(async () => {
    manager = await startNotifyReceiver(files.path('notify.sock'));
  });
  afterEach(() => manager.close());

  const mainPid = (pid: number) => manager.notice(({ MAINPID }) => MAINPID === String(pid));

  it('M13: names the new master when the old one leaves, and only one speaks for the service', async () => {
    const server = await startServer({ app: 'apps/hello.mjs', env: { NOTIFY_SOCKET: manager.socket } });
    await manager.notice(({ READY }) => READY === '1');
    const next = await upgrade(server);
    expect(manager.notices.filter(({ fields }) => fields.MAINPID !== undefined)).to.deep.equal([]);
    server.signal('SIGTERM');
    await server.event('upgrade.finished');
    await mainPid(next.pid);
    expect(manager.notices.filter(({ fields }) => fields.STOPPING !== undefined)).to.deep.equal([]);
    expect((await fetchText(server.url)).status).to.equal(200);
    await next.end();
    await manager.notice(({ STOPPING }) => STOPPING === '1');
    await server.stop();
  });

  it('M13: passes on what systemd has passed, and bind stays unused', async () => {
    const [host, path] = [ownAddress(), files.path('activated.sock')];
    const under = socketActivate([host, path]);
    const starting = startServer({ app: 'apps/hello.mjs', flags: ['-b', '127.0.0.1:0'], under });
    await knock(targetOf(`http://${host}`));
    const server = await starting;
    const addresses = [`http://${host}`, `unix:${path}`];
    const next = await upgrade(server);
    server.signal('SIGTERM');
    await server.event('upgrade.finished');
    expect(server.addresses).to.deep.equal(addresses);
    for (const to of [`http://${host}`, { unixPath: path }]) expect((await fetchText(to)).status).to.equal(200);
    const third = await upgrade(server, { from: next.pid });
    await next.end();
    expect((await fetchText({ unixPath: path })).status).to.equal(200);
    expect(server.addresses).to.deep.equal(addresses);
    await third.end();
    expect(existsSync(path), 'the socket of the service manager').to.equal(true);
    unlinkSync(path);
    await server.stop();
  });
});
