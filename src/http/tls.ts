import type { Socket } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { createPending, type Front } from './front.ts';
import type { Peer } from './peer.ts';

export interface TlsFrontHandlers {
  /** The handshake is done. The callee owns `socket`. */
  onSecure(socket: TLSSocket, peer: Peer): void;
  /** It failed, and the connection is closed. `reason` is for a log. A connection that said nothing at all is not reported. */
  onFailed(reason: string, peer: Peer): void;
}

export interface TlsFrontLimits {
  /** From the connection to the end of the handshake. */
  readonly handshakeTimeoutMs: number;
  /** Where no certificate is required of clients: whether one that is no good is refused all the same. */
  readonly refuseBadCertificate: boolean;
}

/** A handshake that is under way. */
interface Handshake {
  readonly peer: Peer;
  /** What came before it: a PROXY header. */
  readonly bytesBefore: number;
  readonly timer: NodeJS.Timeout;
  reason: string | null;
}

/**
 * Makes a TLS server that never listens: its `'connection'` event takes the connections, as Node's documentation provides for.
 *
 * @throws what `node:tls` says of options that it does not understand.
 */
export function createTlsFront(options: TlsOptions, context: TlsFrontHandlers & TlsFrontLimits): Front {
  const { handshakeTimeoutMs, refuseBadCertificate, onSecure, onFailed } = context;
  const pending = createPending<Handshake>();
  // Node's own limit starts anew with each byte, so that one byte now and then would keep a place for ever: it is not the one that counts.
  const server = createServer({ handshakeTimeout: handshakeTimeoutMs, ...options });

  const end = (raw: Socket): Handshake | undefined => {
    const handshake = pending.take(raw);
    clearTimeout(handshake?.timer);
    return handshake;
  };

  server.on('secureConnection', (socket) => {
    const raw = rawOf(socket);
    const handshake = pending.get(raw);
    if (!showedCertificate(socket)) socket.authorized = false;
    else if (refuseBadCertificate && !socket.authorized) {
      if (handshake !== undefined) handshake.reason = certificateRefused(socket);
      return void socket.destroy();
    }
    raw.allowHalfOpen = true;
    socket.allowHalfOpen = true;
    end(raw);
    if (handshake !== undefined) onSecure(socket, { ...handshake.peer, encrypted: true });
  });
  server.on('tlsClientError', (error, socket) => {
    const handshake = pending.get(rawOf(socket));
    // Node.js has closed it, or is about to; where it is not, the deadline does.
    if (handshake !== undefined) handshake.reason ??= reasonOf(error, socket);
  });

  return {
    ...pending.front,
    take(raw, peer) {
      const timer = setTimeout(() => {
        const handshake = pending.get(raw);
        if (handshake !== undefined) handshake.reason = 'it took longer than headerTimeout';
        raw.destroy();
      }, handshakeTimeoutMs);
      pending.add(raw, { peer, bytesBefore: raw.bytesRead - raw.readableLength, timer, reason: null });
      raw.once('close', () => {
        const handshake = end(raw);
        if (handshake === undefined || raw.bytesRead <= handshake.bytesBefore) return;
        onFailed(handshake.reason ?? CLOSED, handshake.peer);
      });
      // A client that leaves within the handshake is gone: nothing is owed to it, and nobody waits for the deadline.
      raw.allowHalfOpen = false;
      server.emit('connection', raw);
    },
  };
}

const CLOSED = 'the connection was closed';

/** The connection below a TLS socket. Node.js has no public name for it; a test watches over this one. */
function rawOf(socket: TLSSocket): Socket {
  return Reflect.get(socket, '_parent') as Socket;
}

/**
 * Node.js calls a client that never showed a certificate authorized when it resumes a session of TLS 1.3 (VerifyPeerCertificate in
 * src/crypto/crypto_common.cc takes that for a pre-shared key), which would fool every application that asks for `socket.authorized`.
 */
function showedCertificate(socket: TLSSocket): boolean {
  return Object.keys(socket.getPeerCertificate()).length > 0;
}

function reasonOf(error: Error, socket: TLSSocket): string {
  if (socket.authorizationError) return certificateRefused(socket);
  if ('reason' in error && typeof error.reason === 'string') return error.reason;
  return 'code' in error && error.code === 'ECONNRESET' ? CLOSED : error.message;
}

function certificateRefused({ authorizationError }: TLSSocket): string {
  return `the certificate of the client was refused: ${String(authorizationError)}`;
}
