import { unreachable } from '../../../errors.ts';
import type { Verdict } from '../../../http/deadlines.ts';
import type { HttpLimits } from '../../../http/limits.ts';
import { refusal } from '../../../http/refusal.ts';
import { closeIdle, linger } from './closing.ts';
import { type Connection, type Connections, isIdle } from './connections.ts';
import { isEndlessHead, isUnwanted, situationOf } from './situation.ts';
import type { Turns } from './turns.ts';

const ROUND_MS = 250;
const DRAIN_ROUND_MS = 50;

const slowHead = refusal(408, 'no whole head within headerTimeout');
const slowBody = refusal(408, 'silence within a body for bodyTimeout');
const slowAnswer = refusal(503, 'no whole answer within requestTimeout');
const endlessHead = refusal(431, 'header fields too long together');

/** How a service comes to its end. */
export interface Drain {
  pace: 'none' | 'graceful' | 'quick';
  startedMs: number;
}

/** The one timer of a service: it looks after all connections now and then, and runs only while there are any. */
export interface Rounds {
  /** To be called when a connection is there, and when the drain begins. */
  start(): void;
  stop(): void;
}

export interface RoundsOptions {
  readonly limits: HttpLimits;
  readonly connections: Connections;
  readonly turns: Turns;
  readonly drain: Drain;
}

export function createRounds(options: RoundsOptions): Rounds {
  const { connections, drain } = options;
  let timer: NodeJS.Timeout | null = null;
  let everyMs = 0;

  function round(): void {
    const nowMs = performance.now();
    for (const connection of connections.all()) lookAfter(connection, nowMs, options);
  }

  function stop(): void {
    if (timer !== null) clearInterval(timer);
    timer = null;
  }

  return {
    start() {
      const wantedMs = drain.pace === 'none' ? ROUND_MS : DRAIN_ROUND_MS;
      if (timer === null || everyMs !== wantedMs) {
        stop();
        everyMs = wantedMs;
        // The round runs after a poll phase: whatever the kernel already held of a next request has been read by then.
        timer = setInterval(() => setImmediate(round), everyMs);
        timer.unref();
      }
      if (drain.pace !== 'none') setImmediate(round);
    },
    stop,
  };
}

function lookAfter(connection: Connection, nowMs: number, { limits, turns, drain }: RoundsOptions): void {
  if (isUnwanted(connection, nowMs)) linger(connection);
  else if (isEndlessHead(connection, limits)) turns.malformed(connection, endlessHead);
  const verdict = connection.patience.judge(situationOf(connection), nowMs);
  if (verdict !== null) enforce(connection, verdict, turns);
  if (drain.pace !== 'none') hurry(connection, { nowMs, limits, drain });
}

function enforce(connection: Connection, verdict: Verdict, turns: Turns): void {
  switch (verdict) {
    case 'close':
      return connection.leftover === null ? closeIdle(connection) : linger(connection);
    case 'headTimeout':
      return turns.malformed(connection, slowHead);
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
function hurry(
  connection: Connection,
  { nowMs, limits, drain }: { nowMs: number; limits: HttpLimits; drain: Drain },
): void {
  const { socket, state } = connection;
  const idleForMs = drain.pace === 'quick' ? 0 : limits.drainIdleTimeoutMs;
  const sinceMs = Math.max(connection.idleSinceMs, drain.startedMs);
  if (isIdle(connection) && nowMs - sinceMs >= idleForMs) closeIdle(connection);
  else if (drain.pace === 'quick' && state === 'lingering' && socket.writableFinished) socket.destroy();
}
