import { type StdioOptions, spawnSync } from 'node:child_process';
import { existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect } from 'chai';
import { prepareCommand } from '../support/command.ts';
import { scratch } from '../support/scratch.ts';

const VARIABLE = 'TSUNICORN_LISTENERS';
const FIRST_FD = 4;

describe('a forged variable for the new master of an upgrade', () => {
  const files = scratch();
  let server: Server;

  beforeEach(async () => {
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => void server.close());

  const port = () => (server.address() as AddressInfo).port;
  const listening = () => {
    const handle: unknown = Reflect.get(server, '_handle');
    return typeof handle === 'object' && handle !== null && 'fd' in handle ? Number(handle.fd) : -1;
  };

  /** The sentence that a start ends with which finds this variable, and this descriptor at number 4. */
  function refusalOf(value: object | string, passed?: number | 'pipe'): string {
    const pidFile = files.path('app.pid');
    const command = prepareCommand({ app: 'apps/hello.mjs', flags: ['--pid-file', pidFile] });
    const stdio: StdioOptions = ['ignore', 'ignore', 'pipe', 'ignore', ...(passed === undefined ? [] : [passed])];
    const env = { ...command.env, [VARIABLE]: typeof value === 'string' ? value : JSON.stringify(value) };
    const { status, stderr } = spawnSync(command.node, command.args, {
      cwd: command.cwd,
      env,
      stdio,
      encoding: 'utf8',
    });
    command.remove();
    expect(status, stderr).to.equal(1);
    expect(existsSync(pidFile)).to.equal(false);
    const lines = stderr.trimEnd().split('\n');
    const prefix = `tsunicorn: The variable ${VARIABLE} is refused: `;
    expect(lines.at(-1)).to.satisfy((line: string) => line.startsWith(prefix));
    return (lines.at(-1) ?? '').slice(prefix.length);
  }

  const claim = (fd: number, rest: object = {}) => ({
    parent: process.pid,
    passed: [],
    sockets: [{ fd, bind: 'x', address: `127.0.0.1:${port()}`, name: `127.0.0.1 ${port()}`, file: null, ...rest }],
  });

  it('S9: is refused when it is nonsense, or from another process', () => {
    expect(refusalOf('{')).to.match(/^it is none of its own making\. A master sets it .* unset it\.$/);
    expect(refusalOf({ ...claim(FIRST_FD), parent: 1 }, listening())).to.match(
      /^it was made by process 1, and process/,
    );
  });

  it('S9: is refused when it names standard error, a closed descriptor, a file or a pipe', () => {
    writeFileSync(files.path('file'), 'mine');
    expect(refusalOf(claim(2))).to.match(/^it is none of its own making/);
    expect(refusalOf(claim(900))).to.match(/^descriptor 900, said to be 127\.0\.0\.1:\d+, is not open/);
    expect(refusalOf(claim(FIRST_FD), openSync(files.path('file'), 'r+'))).to.include(', is no socket, but /');
    // Of this Node a pipe is a pair of connected sockets.
    expect(refusalOf(claim(FIRST_FD), 'pipe')).to.match(/, is a connection|, is a pipe/);
    expect(readFileSync(files.path('file'), 'utf8')).to.equal('mine');
  });

  it('S9: is refused when the socket listens elsewhere', () => {
    expect(refusalOf(claim(FIRST_FD, { address: '127.0.0.1:1' }), listening())).to.include(', listens elsewhere');
    expect(refusalOf(claim(FIRST_FD, { name: '127.0.0.2 1' }), listening())).to.include(', is bound elsewhere');
  });
});
