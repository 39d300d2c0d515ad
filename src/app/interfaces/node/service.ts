import type { Server } from 'node:http';
import type { Service, ServiceOptions } from '../../contract.ts';
import { createClosing, linger } from './closing.ts';
import { configureServer } from './configure.ts';
import { createConnections } from './connections.ts';
import { takeEvents } from './events.ts';
import { faultOf } from './parse-fault.ts';
import { createResponseGuard } from './response.ts';
import { createRounds, type Drain } from './rounds.ts';
import { mustClose } from './situation.ts';
import { createTurns } from './turns.ts';

/**
 * Serves a `node:http` server from sockets that others accept: its `'connection'` event takes them, as Node's documentation provides
 * for. The server itself never listens, so that any number of addresses share it, and `server.close()`, which destroys idle keep-alive
 * connections at once, is never called.
 */
export function createNodeService(server: Server, options: ServiceOptions): Service {
  const { limits, observer, serverHeader } = options;
  const drain: Drain = { pace: 'none', startedMs: 0 };
  const connections = createConnections(limits, {
    opened(connection) {
      // Node's way to close behind an answer resets it where the client sends more.
      connection.socket.destroySoon = () => linger(connection);
      rounds.start();
    },
    closed() {
      if (connections.count() === 0) rounds.stop();
    },
  });
  const guard = createResponseGuard({
    serverHeader,
    mustClose: ({ req }) => mustClose(connections.of(req.socket), req, { limits, isDraining: drain.pace !== 'none' }),
    wrongLength: ({ req }, why) => observer.failed(new Error(why), req),
  });
  const application = takeEvents(server, {
    request: (event, request, response) => turns.request(connections.of(request.socket), event, { request, response }),
    connect: (_request, socket) => turns.connect(connections.of(socket)),
    upgrade: (request, socket, head) =>
      turns.upgrade(connections.of(socket), request, () => application.emit('upgrade', request, socket, head)),
    clientError(error, socket) {
      const connection = connections.of(socket);
      const fault = faultOf(error, connection);
      if (fault === 'socket') socket.destroy(error);
      else if (fault !== 'closed') turns.malformed(connection, fault);
    },
  });
  const closing = createClosing({ serverHeader, refused: (why) => options.refused?.(why.status, why.reason) });
  const turns = createTurns({ limits, closing, application, guard, observer, drain });
  const rounds = createRounds({ limits, connections, turns, drain });
  configureServer(server, limits);

  return {
    accept(socket, peer) {
      connections.add(socket, peer);
      server.emit('connection', socket);
    },
    connections: () => connections.count(),
    async drain(newPace) {
      if (drain.pace === 'none') drain.startedMs = performance.now();
      if (drain.pace !== 'quick') drain.pace = newPace;
      if (connections.count() > 0) rounds.start();
      await connections.allClosed();
    },
    cut() {
      const left = connections.count();
      for (const { socket } of connections.all()) socket.destroy();
      return left;
    },
  };
}
