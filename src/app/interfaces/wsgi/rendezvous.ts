import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, TsunicornError } from '../../../errors.ts';
import { readHello } from './hello.ts';

/** Where Python processes find their worker: a unix socket in a directory of its own that nobody else may enter. */
export interface Rendezvous {
  readonly path: string;
  /** Resolves with the connection that presents the token; paused, what followed its HELLO still to be read from it. */
  expect(token: string): { readonly arrived: Promise<Socket>; forget(): void };
  /** Takes no more connections, and removes socket and directory. Connections that arrived are not touched. */
  close(): void;
}

/** `sun_path` of unix(7) and unix(4), without its zero byte. */
const LONGEST_PATH_BYTES = process.platform === 'darwin' ? 103 : 107;
/** How long one who connects may take to say who it is. */
const HELLO_WITHIN_MS = 5_000;

type Waiting = Map<string, (socket: Socket) => void>;

/**
 * Makes the directory and listens. The caller owns it.
 *
 * @throws TsunicornError `PYTHON_UNUSABLE`
 */
export async function openRendezvous(options: { helloWithinMs?: number } = {}): Promise<Rendezvous> {
  const directory = makeDirectory();
  const remove = () => rmSync(directory, { recursive: true, force: true });
  const waiting: Waiting = new Map();
  const strangers = new Set<Socket>();
  const server = createServer((socket) => {
    strangers.add(socket);
    socket.once('close', () => strangers.delete(socket));
    // What goes wrong with it shows in its end.
    socket.on('error', () => {});
    greet(socket, {
      waiting,
      withinMs: options.helloWithinMs ?? HELLO_WITHIN_MS,
      known: () => strangers.delete(socket),
    });
  });
  const path = join(directory, 'c.sock');
  try {
    if (Buffer.byteLength(path) > LONGEST_PATH_BYTES) {
      throw new Error(`the path ${path} is longer than the ${LONGEST_PATH_BYTES} bytes that a socket may have`);
    }
    await listen(server, path);
  } catch (cause) {
    remove();
    throw noPlace(cause);
  }
  return {
    path,
    expect(token) {
      const arrived = new Promise<Socket>((resolve) => waiting.set(token, resolve));
      return { arrived, forget: () => waiting.delete(token) };
    },
    close() {
      server.close();
      for (const socket of strangers) socket.destroy();
      remove();
    },
  };
}

/** Reads the first frame of whoever connected, and lets go of it or closes it. */
function greet(socket: Socket, context: { waiting: Waiting; withinMs: number; known: () => void }): void {
  const { waiting, withinMs, known } = context;
  const timer = setTimeout(() => socket.destroy(), withinMs);
  let seen: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk]);
    const reading = readHello(seen);
    if (reading.type === 'more') return;
    const arrive = reading.type === 'hello' ? waiting.get(reading.token) : undefined;
    if (reading.type === 'fault' || arrive === undefined) return void socket.destroy();
    waiting.delete(reading.token);
    clearTimeout(timer);
    socket.off('data', onData);
    socket.pause();
    if (reading.rest.length > 0) socket.unshift(reading.rest);
    known();
    arrive(socket);
  };
  socket.on('data', onData);
  socket.once('close', () => clearTimeout(timer));
}

function makeDirectory(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'tsunicorn-'));
  } catch (cause) {
    throw noPlace(cause);
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      // A connection that cannot be accepted (EMFILE): its process is not waited for for ever.
      server.on('error', () => {});
      resolve();
    });
  });
}

function noPlace(cause: unknown): TsunicornError {
  return new TsunicornError(
    'PYTHON_UNUSABLE',
    `There is no place for the socket to the Python processes: ${messageOf(cause)}. Give the server a directory that it may write to, with a short path: env: { TMPDIR: '/run/app' }.`,
    { cause },
  );
}
