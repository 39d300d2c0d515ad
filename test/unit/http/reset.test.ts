import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { resetSocket } from '../../../src/http/reset.ts';
import { connectTo, type Target } from '../../support/target.ts';

/** The errno that a client meets when its connection to a server on `path`, or on a port, is reset. */
async function errnoOfReset(path: string | null): Promise<string | null> {
  const server = createServer((socket: Socket) => resetSocket(socket));
  await new Promise<void>((resolve) => server.listen(path ?? { port: 0, host: '127.0.0.1' }, resolve));
  const address = server.address();
  const to: Target =
    typeof address === 'object' && address !== null ? { port: address.port } : { unixPath: address ?? '' };
  const client = connectTo(to);
  let errno: string | null = null;
  client.on('error', (error: NodeJS.ErrnoException) => {
    errno = error.code ?? error.name;
  });
  await new Promise((resolve) => client.resume().once('close', resolve));
  await new Promise((resolve) => server.close(resolve));
  return errno;
}

describe('resetSocket', () => {
  it('resets a TCP connection', async () => {
    expect(await errnoOfReset(null)).to.equal('ECONNRESET');
  });

  it('closes what cannot be reset', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tsunicorn-reset-'));
    expect(await errnoOfReset(join(dir, 's'))).to.equal(null);
    rmSync(dir, { recursive: true });
  });
});
