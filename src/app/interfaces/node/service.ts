import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { errnoOf, unreachable } from '../../../errors.ts';
import type { Verdict } from '../../../http/deadlines.ts';
import { type Refusal, refusal } from '../../../http/refusal.ts';
import type { Service, ServiceOptions } from '../../contract.ts';
import { closeIdle, createClosing, linger } from './closing.ts';
import { configureServer } from './configure.ts';
import { type Connection, createConnections, isIdle } from './connections.ts';
import { takeEvents } from './events.ts';
import { refusalOf } from './parse-fault.ts';
import { createResponseGuard } from './response.ts';
import { isUnwanted, situationOf, UNWANTED_BODY_BYTES } from './rounds.ts';
import { createTurns } from './turns.ts';

const ROUND_MS = 250;
const DRAIN_ROUND_MS = 50;

const slowHead = refusal(408, 'no whole head within headerTimeout');
const slowBody = refusal(408, 'silence within a body for bodyTimeout');
const slowAnswer = refusal(503, 'no whole answer within requestTimeout');

type Pace = 'none' | 'graceful' | 'quick';

/**
 * Serves a `node:http` server from sockets that others accept: its `'connection'` event takes them, as Node's documentation provides
 * for. The server itself never listens, so that any number of addresses share it, and `server.close()`, which destroys idle keep-alive
 * connections at once, is never called.
 */
export function createNodeService(server: Server, options: ServiceOptions): Service {
  const { limits, observer, serverHeader } = options;
  let pace: Pace = 'none';
  let drainStartedMs = 0;
  let timer: NodeJS.Timeout | null = null;

  const connections = createConnections(limits, {
    opened(connection) {
      // Node's way to close behind an answer would reset it where a client sends more.
      connection.socket.destroySoon = () => linger(connection);
      if (timer === null) startRounds();
    },
    closed() {
      if (connections.count() > 0 || timer === null) return;
      clearInterval(timer);
      timer = null;
    },
  });
  const closing = createClosing({ serverHeader, refused: (why) => options.refused?.(why.status, why.reason) });
  const guard = createResponseGuard({
    serverHeader,
    mustClose,
    wrongLength: ({ req }, why) => observer.failed(new Error(why), req),
  });
  const application = takeEvents(server, {
    request: (event, request, response) => turns.request(connections.of(request.socket), event, { request, response }),
    connect: (_request, socket) => turns.connect(connections.of(socket)),
    upgrade: (request, socket, head) =>
      turns.upgrade(connections.of(socket), request, () => application.emit('upgrade', request, socket, head)),
    clientError,
  });
  const turns = createTurns({
    ...{ limits, closing, application, guard, started: observer.started, finished: observer.finished },
    becameIdle(connection) {
      if (pace !== 'none') connection.idleSinceMs = performance.now();
    },
  });
  configureServer(server, limits);

  /** With pipelining only the last answer may say so. */
  function mustClose({ req }: ServerResponse): boolean {
    if (limits.keepAliveMs === 0) return true;
    if (pace !== 'none' && connections.of(req.socket).waiting.length === 0) return true;
    return !req.complete && req.readableFlowing === null && Number(req.headers['content-length']) > UNWANTED_BODY_BYTES;
  }

  function clientError(error: Error, socket: Socket): void {
    const connection = connections.of(socket);
    const code = errnoOf(error) ?? '';
    if (!code.startsWith('HPE_')) return void socket.destroy(error);
    // The answer before closes the connection.
    if (code === 'HPE_CLOSED_CONNECTION') return;
    turns.malformed(connection, whyOf(error, code, connection));
  }

  function startRounds(): void {
    if (timer !== null) clearInterval(timer);
    // The round runs after a poll phase: whatever the kernel already held of a next request has been read by then.
    timer = setInterval(() => setImmediate(round), pace === 'none' ? ROUND_MS : DRAIN_ROUND_MS);
    timer.unref();
  }

  function round(): void {
    const nowMs = performance.now();
    for (const connection of connections.all()) {
      if (isUnwanted(connection, nowMs)) linger(connection);
      const verdict = connection.patience.judge(situationOf(connection), nowMs);
      if (verdict !== null) enforce(connection, verdict);
      if (pace !== 'none') hurry(connection, nowMs);
    }
  }

  function enforce(connection: Connection, verdict: Verdict): void {
    switch (verdict) {
      case 'close':
        return connection.leftover === null ? closeIdle(connection) : linger(connection);
      case 'headTimeout':
        return closing.refuse(connection, null, slowHead);
      case 'bodyTimeout':
        return turns.overrule(connection, slowBody);
      case 'requestTimeout':
        return turns.overrule(connection, slowAnswer);
      case 'cut':
        return void connection.socket.destroy();
      default:
        return unreachable(verdict);
    }
  }

  /** While a drain is under way. */
  function hurry(connection: Connection, nowMs: number): void {
    const { socket, state } = connection;
    const idleForMs = pace === 'quick' ? 0 : limits.drainIdleTimeoutMs;
    const sinceMs = Math.max(connection.idleSinceMs, drainStartedMs);
    if (isIdle(connection) && nowMs - sinceMs >= idleForMs) closeIdle(connection);
    else if (pace === 'quick' && state === 'lingering' && socket.writableFinished) socket.destroy();
  }

  return {
    accept(socket, peer) {
      connections.add(socket, peer);
      server.emit('connection', socket);
    },
    connections: () => connections.count(),
    async drain(newPace) {
      if (pace === 'none') drainStartedMs = performance.now();
      if (pace !== 'quick') pace = newPace;
      if (connections.count() === 0) return;
      startRounds();
      setImmediate(round);
      await connections.allClosed();
    },
    cut() {
      const left = connections.count();
      for (const { socket } of connections.all()) socket.destroy();
      return left;
    },
  };
}

/** Why a parse failed, as far as the bytes that Node hands over with the error tell. */
function whyOf(error: Error, code: string, { socket, bytesReadWhenIdle }: Connection): Refusal {
  const packet: unknown = Reflect.get(error, 'rawPacket');
  const readBytes: unknown = Reflect.get(error, 'bytesParsed');
  const bytes = packet instanceof Uint8Array ? Buffer.from(packet.buffer, packet.byteOffset, packet.length) : null;
  return refusalOf({
    ...{ code, message: error.message, text: bytes?.toString('latin1') ?? '' },
    readBytes: typeof readBytes === 'number' ? readBytes : (bytes?.length ?? 0),
    isStart: bytes !== null && socket.bytesRead - bytes.length === bytesReadWhenIdle,
  });
}
