import * as net from 'node:net';

/** One inherited socket that this process accepts from. Closing it leaves the socket open in the master and in other workers. */
export interface Acceptor {
  /** Stops accepting at once; connections that were accepted stay as they are. */
  close(): void;
  /**
   * Accepts on until the kernel's queue of this socket was seen empty, at most for `withinMs`, and closes in the same turn of the event
   * loop: whoever closes the last copy of a listening socket resets what still waits in its queue.
   */
  closeWhenQueueIsEmpty(withinMs: number): Promise<void>;
}

/**
 * Listens on an inherited descriptor. `backlog` is the positional argument on purpose: `options.backlog` is ignored together with `fd`,
 * and every worker would reset the kernel's backlog to 511.
 *
 * @param onConnection owns the socket that it is given.
 */
export function acceptFrom(fd: number, backlog: number, onConnection: (socket: net.Socket) => void): Promise<Acceptor> {
  let accepted = 0;
  // What node:http sets on its own sockets (lib/_http_server.js): half-open allowed, Nagle off.
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    accepted += 1;
    onConnection(socket);
  });
  const acceptor: Acceptor = {
    close: () => server.close(),
    closeWhenQueueIsEmpty: (withinMs) =>
      new Promise((resolve) => {
        const deadlineMs = performance.now() + withinMs;
        const look = (acceptedBefore: number) => {
          if (accepted === acceptedBefore || performance.now() >= deadlineMs) {
            server.close();
            resolve();
          } else setImmediate(look, accepted);
        };
        // The first immediate only reaches the check phase; from there one whole poll phase lies before each look.
        setImmediate(() => setImmediate(look, accepted));
      }),
  };
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ fd }, backlog, () => {
      server.off('error', reject);
      resolve(acceptor);
    });
  });
}
