import { enforce, type Judged, type Situation } from '../../../http/deadlines.ts';
import type { RoundFacts } from '../../../http/in-flight.ts';
import type { HttpLimits } from '../../../http/limits.ts';
import { type Refusal, refusal } from '../../../http/refusal.ts';
import { createRound, DRAIN_ROUND_MS, roundMsOf } from '../../../http/round.ts';
import { createRoundTimer } from '../../../http/round-timer.ts';
import { type Closing, closeIdle, linger } from './closing.ts';
import type { Connection, Connections } from './connections.ts';
import { isEndlessFraming, isEndlessHead, isUnwanted, situationOf } from './situation.ts';
import type { Turns } from './turns.ts';

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
  facts(): RoundFacts;
}

export interface RoundsOptions {
  readonly limits: HttpLimits;
  readonly connections: Connections;
  readonly closing: Closing;
  readonly turns: Turns;
  readonly drain: Drain;
}

export function createRounds(options: RoundsOptions): Rounds {
  const { connections, drain } = options;
  const timer = createRoundTimer(
    createRound({
      all: () => connections.all(),
      judge: (connection: Connection, nowMs) => lookAfter(connection, nowMs, options),
    }),
  );
  const start = () => timer.start(drain.idleMs === null ? roundMsOf(options.limits) : DRAIN_ROUND_MS);
  return {
    start,
    hasten() {
      start();
      timer.hasten();
    },
    stop: timer.stop,
    facts: timer.facts,
  };
}

/** `true`: it came to its end. Makes nothing for a connection with which all is well, as it is called for all of them in a row. */
function lookAfter(connection: Connection, nowMs: number, options: RoundsOptions): boolean {
  const { limits, turns, drain } = options;
  if (isUnwanted(connection, nowMs)) linger(connection);
  let situation = situationOf(connection, drain.idleMs);
  const why = endlessness(connection, situation.phase, limits);
  if (why !== null) {
    turns.malformed(connection, why);
    situation = situationOf(connection, drain.idleMs);
  }
  const verdict = connection.patience.judge(situation, nowMs);
  if (verdict === null) hurry(connection, drain);
  else enforce(verdict, judged(connection, options));
  return verdict !== null;
}

/** What of a request goes on for longer than it may. */
function endlessness(connection: Connection, phase: Situation['phase'], limits: HttpLimits): Refusal | null {
  if (phase === 'head') return isEndlessHead(connection, limits) ? endlessHead : null;
  return isEndlessFraming(connection, limits) ? endlessFraming : null;
}

function judged(connection: Connection, { turns, closing }: RoundsOptions): Judged {
  return {
    close: () => (connection.leftover === null ? closeIdle(connection) : linger(connection)),
    cut: () => connection.socket.destroy(),
    reset: (why) => closing.reset(connection, why),
    refuse: (why) =>
      connection.exchange === null ? turns.malformed(connection, why) : turns.overrule(connection, why),
  };
}

/** A quick drain does not wait for clients that do not close their side. */
function hurry({ socket, state }: Connection, drain: Drain): void {
  if (drain.idleMs === 0 && state === 'lingering' && socket.writableFinished) socket.destroy();
}
