import { fstatSync } from 'node:fs';
import * as net from 'node:net';
import { acceptDirectly, type Receive } from './direct-sockets.ts';

/** While other sockets are served the queue fills again: only after a turn of the event loop as short as this is 'empty' still true. */
const QUIET_TURN_MS = 0.1;

/** One inherited socket that this process accepts from. Closing it leaves the socket open in the master and in other workers. */
export interface Acceptor {
  /** Stops accepting at once; connections that were accepted stay as they are. */
  close(): void;
  /**
   * Accepts on until the kernel's queue of this socket was seen empty, at most for `withinMs`, and closes at once: whoever closes the last
   * copy of a listening socket resets what still waits in its queue. What comes between the look and the close(2), some 0.1 ms, is lost;
   * the kernel offers no way to refuse without closing.
   */
  closeWhenQueueIsEmpty(withinMs: number): Promise<void>;
  /** Whether it accepts, or was closed by one of the above: an application may close any descriptor of its process. */
  isSound(): boolean;
}

/** Who connected. `''` and 0 on a unix socket, and on no other. */
export interface RemoteEnd {
  readonly address: string;
  readonly port: number;
}

export interface AcceptHandlers {
  onConnection(socket: net.Socket, remote: RemoteEnd): void;
  readonly onSocket?: ((socket: net.Socket, remote: RemoteEnd) => Receive) | undefined;
}

const UNIX: RemoteEnd = { address: '', port: 0 };

/**
 * Listens on an inherited descriptor. `backlog` is the positional argument on purpose: `options.backlog` is ignored together with `fd`,
 * and every worker would reset the kernel's backlog to 511.
 *
 * @param handlers own the sockets that they are given. With `onSocket` bytes are handed in past the stream of the socket, where Node can;
 *   else `onConnection` gets it.
 */
export function acceptFrom(fd: number, backlog: number, handlers: AcceptHandlers): Promise<Acceptor> {
  const { onConnection, onSocket } = handlers;
  let accepted = 0;
  // What node:http sets on its own sockets (lib/_http_server.js): half-open allowed, Nagle off.
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    accepted += 1;
    const remote = remoteEndOf(socket, server);
    if (remote === null) socket.destroy();
    else onConnection(socket, remote);
  });
  const inode = inodeOf(fd);
  let isClosed = false;
  const close = () => {
    isClosed = true;
    server.close();
  };
  const acceptor: Acceptor = {
    close,
    isSound: () => isClosed || (server.listening && inodeOf(fd) === inode),
    closeWhenQueueIsEmpty: (withinMs) =>
      new Promise((resolve) => {
        const deadlineMs = performance.now() + withinMs;
        const look = (before: { accepted: number; atMs: number }) => {
          const nowMs = performance.now();
          const empty = accepted === before.accepted && nowMs - before.atMs < QUIET_TURN_MS;
          if (empty || nowMs >= deadlineMs) {
            close();
            resolve();
          } else setImmediate(look, { accepted, atMs: nowMs });
        };
        // From one check phase to the next lies one whole poll phase, in which a connection that waits is accepted.
        setImmediate(() => setImmediate(look, { accepted, atMs: performance.now() }));
      }),
  };
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ fd }, backlog, () => {
      server.off('error', reject);
      // What cannot be accepted (EMFILE, ENFILE) stays in the queue; it is no error of the application that nobody caught.
      server.on('error', () => {});
      if (onSocket !== undefined) {
        acceptDirectly(server, (socket) => {
          accepted += 1;
          const remote = remoteEndOf(socket, server);
          if (remote !== null) return onSocket(socket, remote);
          socket.destroy();
          return () => false;
        });
      }
      resolve(acceptor);
    });
  });
}

function inodeOf(fd: number): number | null {
  try {
    return fstatSync(fd).ino;
  } catch {
    return null;
  }
}

/** `null`: the client was gone before anybody asked. It must not be taken for one on a unix socket, who may be trusted more. */
function remoteEndOf(socket: net.Socket, server: net.Server): RemoteEnd | null {
  const { remoteAddress, remotePort = 0 } = socket;
  if (remoteAddress !== undefined) return { address: remoteAddress, port: remotePort };
  const bound = server.address();
  return bound === null || typeof bound === 'string' ? UNIX : null;
}

/** The descriptor of a socket, which Node does not document; -1 where it has none any more, or Node does not tell. */
export function descriptorOf(socket: net.Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle');
  const fd = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  return typeof fd === 'number' ? fd : -1;
}
