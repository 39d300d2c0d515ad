import type { Socket } from 'node:net';
import { connectTo, type Target } from './target.ts';

/** One connection as a client without manners has it: bytes out, bytes in, and when it ended. */
export interface Conversation {
  readonly socket: Socket;
  /** All that came, as latin1. */
  received(): string;
  /** Bytes that came; also of what a `quiet` conversation does not keep. */
  receivedBytes(): number;
  write(bytes: string | Buffer): void;
  /** The errno the connection broke with, or `null`, and the moment (`performance.now()`). */
  readonly closed: Promise<{ readonly errno: string | null; readonly atMs: number }>;
}

/** Connects. The caller ends it, or awaits `closed`. */
export async function converse(to: Target, options: { isQuiet?: boolean } = {}): Promise<Conversation> {
  const socket = connectTo(to);
  let text = '';
  let bytes = 0;
  let errno: string | null = null;
  socket.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (options.isQuiet !== true) text += piece.toString('latin1');
  });
  const connected = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    errno = error.code ?? error.name;
  });
  const closed = new Promise<{ errno: string | null; atMs: number }>((resolve) => {
    socket.once('close', () => resolve({ errno, atMs: performance.now() }));
  });
  await connected;
  return {
    socket,
    closed,
    received: () => text,
    receivedBytes: () => bytes,
    write: (out) => void socket.write(out),
  };
}

/** Resolves with what the server sends first; rejects when the connection closes before. */
export function firstBytes({ socket }: Conversation): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    socket.once('data', resolve);
    socket.once('close', () => reject(new Error('closed before a byte came')));
  });
}
