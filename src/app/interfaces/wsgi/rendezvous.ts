import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, TsunicornError } from '../../../errors.ts';
import { acceptDirectly, type Receive } from '../../../listener/direct-sockets.ts';
import { readHello } from './hello.ts';

/** Where Python processes find their worker: a unix socket in a directory of its own that nobody else may enter. */
export interface Rendezvous {
  readonly path: string;
  /** Resolves with the connection that presents the token. */
  expect(token: string): { readonly arrived: Promise<Arrival>; forget(): void };
  /** Takes no more connections, and removes socket and directory. Connections that arrived are not touched. */
  close(): void;
}

/** A connection that has said who it is. */
export interface Arrival {
  readonly socket: Socket;
  /** Gives the bytes that come, and those that came behind its HELLO; they are lent for the call. To be called once. */
  read(receive: Receive): void;
}

/** `sun_path` of unix(7) and unix(4), without its zero byte. */
const LONGEST_PATH_BYTES = process.platform === 'darwin' ? 103 : 107;
/** How long one who connects may take to say who it is. */
const HELLO_WITHIN_MS = 5_000;

type Waiting = Map<string, (arrival: Arrival) => void>;

/** What may come before somebody reads. */
const MOST_EARLY_BYTES = 65_536;
const NOTHING = Buffer.alloc(0);

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
  const onSocket = (socket: Socket): Receive => {
    strangers.add(socket);
    socket.once('close', () => strangers.delete(socket));
    // What goes wrong with it shows in its end.
    socket.on('error', () => {});
    // A half-open connection is of no use: who does not speak any more does not answer.
    socket.once('end', () => socket.destroy());
    return greet(socket, {
      waiting,
      withinMs: options.helloWithinMs ?? HELLO_WITHIN_MS,
      known: () => strangers.delete(socket),
    });
  };
  const server = createServer((socket) => {
    const receive = onSocket(socket);
    socket.on('data', (bytes: Buffer) => void receive(bytes, bytes.length));
  });
  const path = join(directory, 'c.sock');
  try {
    if (Buffer.byteLength(path) > LONGEST_PATH_BYTES) {
      throw new Error(`the path ${path} is longer than the ${LONGEST_PATH_BYTES} bytes that a socket may have`);
    }
    await listen(server, path);
    acceptDirectly(server, onSocket);
  } catch (cause) {
    remove();
    throw noPlace(cause);
  }
  return {
    path,
    expect(token) {
      const arrived = new Promise<Arrival>((resolve) => waiting.set(token, resolve));
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
function greet(socket: Socket, context: { waiting: Waiting; withinMs: number; known: () => void }): Receive {
  const { waiting, withinMs, known } = context;
  const timer = setTimeout(() => socket.destroy(), withinMs);
  socket.once('close', () => clearTimeout(timer));
  let receive: Receive | null = null;
  let isKnown = false;
  let seen: Buffer = NOTHING;
  const arrival: Arrival = {
    socket,
    read(by) {
      receive = by;
      if (seen.length > 0) by(seen, seen.length);
      seen = NOTHING;
    },
  };
  return (bytes, length) => {
    if (receive !== null) return receive(bytes, length);
    if (seen.length + length > MOST_EARLY_BYTES) socket.destroy();
    if (socket.destroyed) return false;
    seen = Buffer.concat([seen, bytes.subarray(0, length)]);
    const reading = isKnown ? null : readHello(seen);
    if (reading === null || reading.type === 'more') return true;
    const arrive = reading.type === 'hello' ? waiting.get(reading.token) : undefined;
    if (reading.type === 'fault' || arrive === undefined) {
      socket.destroy();
      return false;
    }
    isKnown = true;
    seen = reading.rest;
    waiting.delete(reading.token);
    clearTimeout(timer);
    known();
    arrive(arrival);
    return true;
  };
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
