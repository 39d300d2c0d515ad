import { mkdirSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { fetchText, rawRequest } from '../support/client.ts';
import { identityApp as app, refusalOf } from '../support/identity.ts';
import { scratch } from '../support/scratch.ts';
import { startServer } from '../support/server.ts';

describe('paths', () => {
  const files = scratch();

  it('S5: no path of a client is mapped to a file: the application gets it as it came', async () => {
    const secret = files.path('secret');
    writeFileSync(secret, 'secret of the machine');
    const server = await startServer({ app });
    const ways = [
      ...['/../../../../../../etc/passwd', '/..%2f..%2f..%2fetc%2fpasswd', '/%2e%2e/%2e%2e/etc/passwd', '//etc/passwd'],
      ...['/..\\..\\etc\\passwd', '/%c0%ae%c0%ae/etc/passwd', '/etc/passwd%00.txt', secret],
    ];
    for (const path of ways) {
      const answer = await rawRequest(
        { port: server.port },
        `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      );
      expect(answer, path)
        .to.match(/^HTTP\/1\.1 200 /)
        .and.to.include(`"url":${JSON.stringify(path)}`);
    }
    await server.stop();
  });

  it('S5: an operator may name any file, and its name is taken to the letter', async () => {
    const directory = files.path('a');
    mkdirSync(directory);
    for (const name of ['%2e%2e.mjs', 'q?#.mjs', '..mjs', 'a b:c.mjs']) {
      writeFileSync(files.path(name), `export const app = (_, response) => response.end(${JSON.stringify(name)});`);
      const server = await startServer({ app: `../${name}:app`, cwd: directory });
      expect((await fetchText(server.url)).text).to.equal(name);
      await server.stop();
    }
    writeFileSync(files.path('back\\slash.mjs'), 'export default () => {};');
    const backslash = await refusalOf({ app: '../back\\slash.mjs', cwd: directory });
    expect(backslash.code).to.equal(3);
    expect(backslash.why).to.match(/must not include encoded "\/" or "\\" characters/);
    const { code, why } = await refusalOf({ app: './%2e%2e/%252e%252e.mjs', cwd: directory });
    expect(code).to.equal(3);
    expect(why).to.match(/No application at "\.\/%2e%2e\/%252e%252e\.mjs"/);
  });

  it('S5: a NUL, where a path would end unseen, is refused with the name of its setting', async () => {
    const nul = 'x\0y';
    const settings = ['app', 'chdir', 'pidFile', 'errorLog', 'accessLog', 'keyFile', 'python'] as const;
    const config = {
      ...Object.fromEntries(settings.map((name) => [name, nul])),
      certFile: nul,
      env: { NAME: nul },
      bind: `unix:/tmp/${nul}`,
    };
    const { code, why } = await refusalOf({ config });
    expect(code).to.equal(1);
    for (const name of [...settings, 'env', 'bind']) expect(why, name).to.include(`"${name}" holds a NUL character`);
  });
});
