import { readFileSync } from 'node:fs';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { type KeepAlive, openKeepAlive } from './client.ts';
import { fixture } from './command.ts';
import { within } from './spawned.ts';
import { connectTo, type Target } from './target.ts';

/** A connection after its handshake. The caller closes it. */
export interface TlsConnection extends KeepAlive {
  readonly socket: TLSSocket;
  /** The common name in the certificate of the server. */
  readonly servedBy: string;
  /** Resolves with what resumes this session. With TLS 1.3 it comes after the handshake. */
  readonly session: Promise<Buffer>;
}

const HANDSHAKE_WITHIN_MS = 5_000;

/** What a file of `test/fixtures/tls` holds. */
export function pem(name: string): string {
  return readFileSync(fixture(`tls/${name}`), 'utf8');
}

/** Options for a client that shows a certificate. */
export function clientNamed(name: string): ConnectionOptions {
  return { key: pem(`${name}.key`), cert: pem(`${name}.pem`) };
}

/** Connects and shakes hands, trusting the authority of the fixtures. Rejects when the handshake fails. */
export async function openTls(to: Target, options: ConnectionOptions = {}): Promise<TlsConnection> {
  const socket = connect({ socket: connectTo(to), servername: 'localhost', ca: pem('ca.pem'), ...options });
  const session = new Promise<Buffer>((resolve) => socket.once('session', resolve));
  const secured = new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed within the handshake')));
  });
  await within(secured, HANDSHAKE_WITHIN_MS, `no handshake within ${HANDSHAKE_WITHIN_MS} ms`);
  const servedBy = String(socket.getPeerCertificate().subject?.CN);
  return { ...(await openKeepAlive(to, socket)), socket, servedBy, session };
}

/** Asks once, on a connection of its own, and closes it. */
export async function fetchTls(to: Target, path: string, options: ConnectionOptions = {}) {
  const connection = await openTls(to, options);
  try {
    const { status, body } = await connection.request(path);
    const { servedBy, socket } = connection;
    return { status, body, servedBy, protocol: socket.getProtocol(), resumed: socket.isSessionReused() };
  } finally {
    connection.close();
  }
}
