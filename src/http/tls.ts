import type { Socket } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import type { Peer } from './peer.ts';

export interface TlsFrontHandlers {
  /** The handshake is done. The callee owns `socket`; the connection that was taken ends with it. */
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

/** Speaks TLS on connections that others accept. */
export interface TlsFront {
  /** Takes over a connection. What was pushed back onto it with `unshift` is read first. */
  take(socket: Socket, peer: Peer): void;
  /** How many handshakes are under way. */
  pending(): number;
  /** Resolves when no handshake is under way; those that are after `withinMs` are cut. Nothing should be taken meanwhile. */
  settled(withinMs: number): Promise<void>;
  /** Cuts every handshake that is under way, and says how many there were. */
  cut(): number;
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
export function createTlsFront(options: TlsOptions, context: TlsFrontHandlers & TlsFrontLimits): TlsFront {
  const { handshakeTimeoutMs, refuseBadCertificate, onSecure, onFailed } = context;
  const underWay = new Map<Socket, Handshake>();
  const waiting: (() => void)[] = [];
  // Node's own limit starts anew with each byte, so that one byte now and then would keep a place for ever: it is not the one that counts.
  const server = createServer({ handshakeTimeout: handshakeTimeoutMs, ...options });

  const end = (raw: Socket): Handshake | undefined => {
    const handshake = underWay.get(raw);
    clearTimeout(handshake?.timer);
    underWay.delete(raw);
    if (underWay.size === 0) for (const resolve of waiting.splice(0)) resolve();
    return handshake;
  };
  const cut = () => {
    const left = underWay.size;
    for (const raw of underWay.keys()) raw.destroy();
    return left;
  };

  server.on('secureConnection', (socket) => {
    const raw = rawOf(socket);
    const handshake = underWay.get(raw);
    // Cut in the same turn of the event loop.
    if (handshake === undefined) return void socket.destroy();
    if (!showedCertificate(socket)) socket.authorized = false;
    else if (refuseBadCertificate && !socket.authorized) {
      handshake.reason = certificateRefused(socket);
      return void socket.destroy();
    }
    socket.allowHalfOpen = true;
    end(raw);
    onSecure(socket, { ...handshake.peer, encrypted: true });
  });
  server.on('tlsClientError', (error, socket) => {
    const handshake = underWay.get(rawOf(socket));
    // Node.js has closed it, or is about to; where it is not, the deadline does.
    if (handshake !== undefined) handshake.reason ??= reasonOf(error, socket);
  });

  return {
    take(raw, peer) {
      const timer = setTimeout(() => {
        const handshake = underWay.get(raw);
        if (handshake !== undefined) handshake.reason = 'it took longer than headerTimeout';
        raw.destroy();
      }, handshakeTimeoutMs);
      underWay.set(raw, { peer, bytesBefore: raw.bytesRead - raw.readableLength, timer, reason: null });
      raw.once('close', () => {
        const handshake = end(raw);
        if (handshake === undefined || raw.bytesRead <= handshake.bytesBefore) return;
        onFailed(handshake.reason ?? CLOSED, handshake.peer);
      });
      // A client that leaves within the handshake is gone: nothing is owed to it, and nobody waits for the deadline.
      raw.allowHalfOpen = false;
      server.emit('connection', raw);
    },
    pending: () => underWay.size,
    settled(withinMs) {
      if (underWay.size === 0) return Promise.resolve();
      const timer = setTimeout(cut, withinMs);
      return new Promise((resolve) => {
        waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
    cut,
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
