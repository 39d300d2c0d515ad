import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Service, ServiceOptions } from '../../contract.ts';
import { becameIdle, createConnections, isIdle } from './connections.ts';
import { nodeView } from './view.ts';

const SWEEP_EVERY_MS = 50;

type Pace = 'none' | 'graceful' | 'quick';

/**
 * Serves a `node:http` server from sockets that others accept: its `'connection'` event takes them, as Node's documentation provides
 * for. The server itself never listens, so that any number of addresses share it, and `server.close()`, which destroys idle keep-alive
 * connections at once, is never called.
 */
export function createNodeService(server: Server, options: ServiceOptions): Service {
  const { limits, observer } = options;
  const connections = createConnections();
  let pace: Pace = 'none';
  let drainStartedMs = 0;
  let timer: NodeJS.Timeout | null = null;
  server.keepAliveTimeout = limits.keepAliveMs;
  // A worker's life is bounded by maxRequests; one connection's is not.
  server.maxRequestsPerSocket = 0;

  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    const connection = connections.of(request.socket);
    if (connection === undefined) return;
    connection.inFlight += 1;
    connection.newest = response;
    if (pace !== 'none' || limits.keepAliveMs === 0) response.shouldKeepAlive = false;
    if (observer.started !== undefined) observer.started(nodeView(request, response));
    response.on('close', () => {
      connection.inFlight -= 1;
      becameIdle(connection);
      if (pace !== 'none') connection.idleSinceMs = performance.now();
      // An early answer: what is left of the request's body is no new request.
      if (!request.complete) request.once('close', () => becameIdle(connection));
      if (observer.finished !== undefined) observer.finished(nodeView(request, response));
    });
  };
  watchRequests(server, onRequest);
  watchUpgrades(server, (socket) => {
    const connection = connections.of(socket);
    if (connection !== undefined) connection.upgraded = true;
  });
  // Node starts its own checks of slow heads when a server listens; this one is never told to.
  server.emit('listening');

  const sweep = () => {
    const idleForMs = pace === 'quick' ? 0 : limits.drainIdleTimeoutMs;
    const nowMs = performance.now();
    for (const connection of connections.all()) {
      const sinceMs = Math.max(connection.idleSinceMs, drainStartedMs);
      if (isIdle(connection) && nowMs - sinceMs >= idleForMs) closeGently(connection.socket);
    }
  };

  return {
    accept(socket) {
      connections.add(socket);
      server.emit('connection', socket);
    },
    connections: () => connections.count(),
    async drain(newPace) {
      if (pace === 'none') {
        drainStartedMs = performance.now();
        for (const { newest } of connections.all()) if (newest !== null) newest.shouldKeepAlive = false;
      }
      if (pace !== 'quick') pace = newPace;
      // The sweep runs after a poll phase: whatever the kernel already held of a next request has been read by then.
      timer ??= setInterval(() => setImmediate(sweep), SWEEP_EVERY_MS);
      setImmediate(sweep);
      await connections.allClosed();
      clearInterval(timer ?? undefined);
      timer = null;
    },
    cut() {
      const left = connections.count();
      for (const { socket } of connections.all()) socket.destroy();
      return left;
    },
  };
}

/** Requests with `Expect` reach an application that listens for them by other events. */
function watchRequests(server: Server, onRequest: (request: IncomingMessage, response: ServerResponse) => void): void {
  server.prependListener('request', onRequest);
  if (server.listenerCount('checkContinue') > 0) server.prependListener('checkContinue', onRequest);
  if (server.listenerCount('checkExpectation') > 0) server.prependListener('checkExpectation', onRequest);
}

/** Listens only where the application does: a listener of ours alone would take upgrades that Node ignores without one. */
function watchUpgrades(server: Server, onUpgrade: (socket: Socket) => void): void {
  for (const event of ['upgrade', 'connect'] as const) {
    const watch = (request: IncomingMessage) => onUpgrade(request.socket);
    if (server.listenerCount(event) > 0) server.prependListener(event, watch);
    else {
      const onNewListener = (added: string | symbol) => {
        if (added !== event) return;
        server.off('newListener', onNewListener);
        server.prependListener(event, watch);
      };
      server.on('newListener', onNewListener);
    }
  }
}

function closeGently(socket: Socket): void {
  socket.end(() => socket.destroy());
}
