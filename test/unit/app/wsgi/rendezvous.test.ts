import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { openRendezvous, type Rendezvous } from '../../../../src/app/interfaces/wsgi/rendezvous.ts';

function hello(token: string): Buffer {
  const payload = Buffer.from(JSON.stringify({ token, pid: 7 }));
  const header = Buffer.alloc(16);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt8(16, 4);
  return Buffer.concat([header, payload]);
}

const closed = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

describe('openRendezvous', () => {
  const { TMPDIR } = process.env;
  let directory = '';
  let rendezvous: Rendezvous | undefined;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'tsunicorn-rendezvous-'));
    process.env.TMPDIR = directory;
  });
  afterEach(() => {
    rendezvous?.close();
    rendezvous = undefined;
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    rmSync(directory, { recursive: true });
  });
  const guest = (path: string, ...words: Buffer[]) => {
    const socket = connect(path);
    socket.on('error', () => {});
    for (const word of words) socket.write(word);
    return socket.resume();
  };

  it('listens where nobody else may enter, and leaves nothing', async () => {
    rendezvous = await openRendezvous();
    expect(statSync(dirname(rendezvous.path)).mode & 0o777).to.equal(0o700);
    rendezvous.close();
    rendezvous.close();
    expect(readdirSync(directory)).to.deep.equal([]);
  });

  it('hands on who presents the token, with what it said after it', async () => {
    rendezvous = await openRendezvous();
    const [first, second] = [rendezvous.expect('aa'), rendezvous.expect('bb')];
    const whole = Buffer.concat([hello('bb'), Buffer.from('more')]);
    const guests = [
      guest(rendezvous.path, hello('aa')),
      guest(rendezvous.path, whole.subarray(0, 20), whole.subarray(20)),
    ];
    const arrivals = [await first.arrived, await second.arrived];
    const sockets = arrivals.map(({ socket }) => socket);
    const said = await new Promise((resolve) => {
      arrivals[1]?.read((bytes, length) => {
        resolve(bytes.toString('utf8', 0, length));
        return true;
      });
    });
    expect(said).to.equal('more');
    rendezvous.close();
    expect(sockets.map((socket) => socket.destroyed)).to.deep.equal([false, false]);
    for (const socket of [...sockets, ...guests]) socket.destroy();
  });

  it('closes who presents no token, a wrong one, one that was used or one that is not waited for any more', async () => {
    rendezvous = await openRendezvous({ helloWithinMs: 50 });
    rendezvous.expect('cc').forget();
    const { arrived } = rendezvous.expect('aa');
    const known = guest(rendezvous.path, hello('aa'));
    const { socket } = await arrived;
    const words = [
      [],
      [Buffer.from('GET / HTTP/1.1\r\n\r\n')],
      [hello('bb')],
      [hello('aa')],
      [hello('cc')],
      [Buffer.alloc(9)],
    ];
    const { path } = rendezvous;
    await Promise.all(words.map((said) => closed(guest(path, ...said))));
    expect(socket.destroyed).to.equal(false);
    for (const one of [socket, known]) one.destroy();
  });

  it('says where it finds no place', async () => {
    const fault = () =>
      openRendezvous().then(
        () => '',
        (error: Error) => error.message,
      );
    process.env.TMPDIR = join(directory, 'gone');
    expect(await fault()).to.match(/no place for the socket.*ENOENT.*TMPDIR/);
    process.env.TMPDIR = join(directory, 'x'.repeat(100));
    mkdirSync(process.env.TMPDIR);
    expect(await fault()).to.match(/no place for the socket.*longer than the 10[37] bytes/);
    expect(readdirSync(process.env.TMPDIR)).to.deep.equal([]);
  });
});
