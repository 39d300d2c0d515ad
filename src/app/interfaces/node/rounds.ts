import { enforce } from '../../../http/deadlines.ts';
import type { HttpLimits } from '../../../http/limits.ts';
import { refusal } from '../../../http/refusal.ts';
import { resetSocket } from '../../../http/reset.ts';
import { closeIdle, linger } from './closing.ts';
import type { Connection, Connections } from './connections.ts';
import { isEndlessFraming, isEndlessHead, isUnwanted, situationOf } from './situation.ts';
import type { Turns } from './turns.ts';

const ROUND_MS = 250;
const DRAIN_ROUND_MS = 50;

const endlessHead = refusal(431, 'header fields too long together');
const endlessFraming = refusal(400, 'chunk sizes, extensions and trailers too long together');

/** How a service comes to its end. */
export interface Drain {
  /** How long a connection may idle; `null`: no drain is under way. */
  idleMs: number | null;
}

/** The one timer of a service: it looks after all connections now and then, and runs only while there are any. */
export interface Rounds {
  /** To be called when a connection is there. */
  start(): void;
  /** To be called when a drain begins. */
  hasten(): void;
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

  function start(): void {
    const wantedMs = drain.idleMs === null ? ROUND_MS : DRAIN_ROUND_MS;
    if (timer !== null && everyMs === wantedMs) return;
    stop();
    everyMs = wantedMs;
    // The round runs after a poll phase: whatever the kernel already held of a next request has been read by then.
    timer = setInterval(() => setImmediate(round), everyMs);
    timer.unref();
  }

  return {
    start,
    hasten() {
      start();
      setImmediate(round);
    },
    stop,
  };
}

function lookAfter(connection: Connection, nowMs: number, { limits, turns, drain }: RoundsOptions): void {
  const { socket } = connection;
  if (isUnwanted(connection, nowMs)) linger(connection);
  else if (isEndlessHead(connection, limits)) turns.malformed(connection, endlessHead);
  else if (isEndlessFraming(connection, limits)) turns.malformed(connection, endlessFraming);
  const verdict = connection.patience.judge(situationOf(connection, drain.idleMs), nowMs);
  const isEnforced = enforce(verdict, {
    close: () => (connection.leftover === null ? closeIdle(connection) : linger(connection)),
    cut: () => socket.destroy(),
    reset: () => resetSocket(socket),
    refuse: (why) =>
      connection.exchange === null ? turns.malformed(connection, why) : turns.overrule(connection, why),
  });
  if (!isEnforced) hurry(connection, drain);
}

/** A quick drain does not wait for clients that do not close their side. */
function hurry({ socket, state }: Connection, drain: Drain): void {
  if (drain.idleMs === 0 && state === 'lingering' && socket.writableFinished) socket.destroy();
}
