import type { Server } from 'node:http';
import { isIPv6, type Socket } from 'node:net';
import { agesOf } from '../../../http/in-flight.ts';
import type { OriginOf } from '../../../http/origin.ts';
import type { Peer } from '../../../http/peer.ts';
import type { Service, ServiceOptions } from '../../contract.ts';
import { createClosing, linger } from './closing.ts';
import { configureServer } from './configure.ts';
import { createConnections } from './connections.ts';
import { takeEvents } from './events.ts';
import { faultOf } from './parse-fault.ts';
import { guardResponses } from './response.ts';
import { createRounds, type Drain } from './rounds.ts';
import { inFlightOf, mustClose } from './situation.ts';
import { createTurns } from './turns.ts';

export interface NodeServiceOptions extends ServiceOptions {
  /** What answers say in `Server` where the application does not; `null`: nothing. */
  readonly serverHeader: string | null;
  readonly originOf: OriginOf;
}

/**
 * Serves a `node:http` server from sockets that others accept: its `'connection'` event takes them, as Node's documentation provides
 * for. The server itself never listens, so that any number of addresses share it, and `server.close()`, which destroys idle keep-alive
 * connections at once, is never called.
 */
export function createNodeService(server: Server, options: NodeServiceOptions): Service {
  const { limits, observer, serverHeader, originOf } = options;
  const drain: Drain = { idleMs: null };
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
  guardResponses(server, {
    serverHeader,
    // With pipelining only the last answer may say so of a drain.
    mustClose: ({ req }) =>
      (drain.idleMs !== null && connections.find(req.socket)?.waiting.length === 0) || mustClose(req, limits),
    wrongLength: ({ req: { method = '', url = '' } }, why) => observer.failed(new Error(why), { method, target: url }),
  });
  const application = takeEvents(server, {
    request: (event, request, response) => turns.request(connections.of(request.socket), event, { request, response }),
    connect: (_request, socket) => turns.connect(connections.of(socket)),
    upgrade: (request, socket, head) =>
      turns.upgrade(connections.of(socket), request, () => application.upgrade(request, socket, head)),
    clientError(error, socket) {
      const connection = connections.of(socket);
      const fault = faultOf(error, connection);
      if (fault === 'socket') socket.destroy(error);
      else if (fault !== 'closed') turns.malformed(connection, fault);
    },
  });
  const closing = createClosing({ serverHeader, refused: observer.refused });
  const turns = createTurns({ limits, closing, application, observer, originOf });
  const rounds = createRounds({ limits, connections, closing, turns, drain });
  configureServer(server, limits);

  return {
    accept(socket, peer) {
      showPeer(socket, peer);
      connections.add(socket, peer);
      server.emit('connection', socket);
    },
    connections: () => connections.count(),
    inFlight: () => agesOf([...connections.all()].map(inFlightOf), rounds.facts()),
    async drain(pace) {
      drain.idleMs = pace === 'quick' ? 0 : (drain.idleMs ?? limits.drainIdleTimeoutMs);
      if (connections.count() === 0) return;
      rounds.hasten();
      await connections.allClosed();
    },
    cut() {
      const left = connections.count();
      for (const { socket } of connections.all()) socket.destroy();
      return left;
    },
  };
}

/** Frameworks ask the socket who the client is: with the PROXY protocol that is whom the header names. */
function showPeer(socket: Socket, { address, port }: Peer): void {
  if (address === '' || address === socket.remoteAddress) return;
  const family = isIPv6(address) ? 'IPv6' : 'IPv4';
  for (const [name, value] of Object.entries({ remoteAddress: address, remotePort: port, remoteFamily: family })) {
    Object.defineProperty(socket, name, { value, configurable: true });
  }
}
