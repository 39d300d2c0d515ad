import { unreachable } from '../errors.ts';
import { type HttpLimits, LEAST_PROGRESS_BYTES } from './limits.ts';
import { type Refusal, refusal } from './refusal.ts';

/** What a connection is waiting for, as the coarse timer finds it. */
export interface Situation {
  /**
   * `fresh`: nothing has come yet. `head`: part of a head has. `idle`: between two requests. `busy`: a request is under way. `lingering`:
   * closed from our side. `upgraded`: no longer ours to judge.
   */
  readonly phase: 'fresh' | 'head' | 'idle' | 'busy' | 'lingering' | 'upgraded';
  /** Requests so far: they tell a phase from the same phase later. */
  readonly requests: number;
  /** Bytes of a body that have come, while its reader wants more; `null`: no body is waited for. */
  readonly bodyBytes: number | null;
  /** Bytes of answers that the peer has taken, while there are more; `null`: none waits. */
  readonly takenBytes: number | null;
  /** See `ConnectionHost`. */
  readonly drainIdleMs: number | null;
}

/** What is to be done about a connection. */
export type Verdict = 'close' | 'headTimeout' | 'bodyTimeout' | 'writeTimeout' | 'requestTimeout' | 'cut';

/** How long a peer may take to close its side after ours is closed. */
const LINGER_MS = 2_000;

/**
 * Measures the patience of one connection. There is no timer a request: one coarse timer asks now and then, and what is found changed
 * begins anew. So nothing ends early, and everything ends late by two rounds of the timer at most.
 */
export interface Patience {
  judge(situation: Situation, nowMs: number): Verdict | null;
}

export function createPatience(limits: HttpLimits): Patience {
  const since = createSince();
  const body = createSince();
  const write = createSince();
  let bodyMark = 0;
  let writeMark = 0;

  function phaseVerdict(phase: Phase, facts: { drainIdleMs: number | null; elapsedMs: number }): Verdict | null {
    const { drainIdleMs, elapsedMs } = facts;
    switch (phase) {
      case 'fresh':
        return elapsedMs >= (drainIdleMs ?? limits.headerTimeoutMs) ? 'close' : null;
      case 'head':
        return elapsedMs >= limits.headerTimeoutMs ? 'headTimeout' : null;
      case 'idle':
        return elapsedMs >= (drainIdleMs ?? limits.keepAliveMs) ? 'close' : null;
      case 'busy':
        return limits.requestTimeoutMs !== null && elapsedMs >= limits.requestTimeoutMs ? 'requestTimeout' : null;
      case 'lingering':
        return elapsedMs >= LINGER_MS ? 'cut' : null;
      case 'sending':
      case 'upgraded':
        return null;
      default:
        return unreachable(phase);
    }
  }

  return {
    judge(situation, nowMs) {
      const { requests, bodyBytes, takenBytes, drainIdleMs } = situation;
      const phase = phaseOf(situation);
      // For idle connections a drain counts from its beginning.
      const isIdle = phase === 'idle' || phase === 'fresh';
      const what = `${phase} ${requests} ${isIdle ? drainIdleMs : ''}`;
      const verdict = phaseVerdict(phase, { drainIdleMs, elapsedMs: since.elapsedMs(what, nowMs) });
      if (verdict !== null) return verdict;
      if (bodyBytes === null) body.reset();
      else {
        if (bodyBytes - bodyMark >= LEAST_PROGRESS_BYTES || bodyBytes < bodyMark) bodyMark = bodyBytes;
        if (body.elapsedMs(`${requests} ${bodyMark}`, nowMs) >= limits.bodyTimeoutMs) return 'bodyTimeout';
      }
      if (takenBytes === null) write.reset();
      else {
        if (takenBytes - writeMark >= LEAST_PROGRESS_BYTES || takenBytes < writeMark) writeMark = takenBytes;
        if (write.elapsedMs(`${writeMark}`, nowMs) >= limits.writeTimeoutMs) return 'writeTimeout';
      }
      return null;
    },
  };
}

/** However long the peer takes over a whole answer: as long as it gets on, only `writeTimeout` judges. */
type Phase = Situation['phase'] | 'sending';

function phaseOf({ phase, takenBytes }: Situation): Phase {
  const isAnswered = phase === 'idle' || phase === 'lingering';
  return isAnswered && takenBytes !== null ? 'sending' : phase;
}

/** What a verdict can be done to. */
export interface Judged {
  close(): void;
  cut(): void;
  reset(): void;
  refuse(why: Refusal): void;
}

/** Does what a verdict says. `false`: there is none. */
export function enforce(verdict: Verdict | null, connection: Judged): boolean {
  if (verdict !== null) act(verdict, connection);
  return verdict !== null;
}

function act(verdict: Verdict, connection: Judged): void {
  switch (verdict) {
    case 'close':
      return connection.close();
    case 'headTimeout':
      return connection.refuse(refusal(408, 'head not whole in time'));
    case 'bodyTimeout':
      return connection.refuse(refusal(408, 'body silent for too long'));
    case 'writeTimeout':
      // Or the kernel would keep megabytes for minutes, for a peer that does not read them.
      return connection.reset();
    case 'requestTimeout':
      return connection.refuse(refusal(503, 'request took longer than requestTimeout'));
    case 'cut':
      return connection.cut();
    default:
      return unreachable(verdict);
  }
}

/** For how long something has been the same, from when that was first seen. */
function createSince(): { elapsedMs(what: string, nowMs: number): number; reset(): void } {
  let last: string | null = null;
  let sinceMs = 0;
  return {
    elapsedMs(what, nowMs) {
      if (what !== last) {
        last = what;
        sinceMs = nowMs;
      }
      return nowMs - sinceMs;
    },
    reset() {
      last = null;
    },
  };
}
