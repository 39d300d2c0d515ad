import { type HttpLimits, LEAST_PROGRESS_BYTES } from './limits.ts';

/** What a connection is waiting for, as the coarse timer finds it. */
export interface Situation {
  /**
   * `fresh`: nothing has come yet. `head`: part of a head has. `idle`: between two requests. `busy`: a request is under way. `lingering`:
   * closed from our side. `upgraded`: no longer ours to judge.
   */
  readonly phase: 'fresh' | 'head' | 'idle' | 'busy' | 'lingering' | 'upgraded';
  /** Requests so far: it tells a phase from the same phase later. */
  readonly serial: number;
  /** Bytes of a body that have come, while its reader wants more; `null`: no body is waited for. */
  readonly bodyBytes: number | null;
  /** Bytes of answers that the peer has taken, while there are more; `null`: none waits. */
  readonly takenBytes: number | null;
}

/** What is to be done about a connection. */
export type Verdict = 'close' | 'headTimeout' | 'bodyTimeout' | 'requestTimeout' | 'cut';

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
  const phase = createSince();
  const body = createSince();
  const write = createSince();
  let bodyMark = 0;
  let writeMark = 0;

  function phaseVerdict(situation: Situation, elapsedMs: number): Verdict | null {
    switch (situation.phase) {
      case 'fresh':
        return elapsedMs >= limits.headerTimeoutMs ? 'close' : null;
      case 'head':
        return elapsedMs >= limits.headerTimeoutMs ? 'headTimeout' : null;
      case 'idle':
        return elapsedMs >= limits.keepAliveMs ? 'close' : null;
      case 'busy':
        return limits.requestTimeoutMs !== null && elapsedMs >= limits.requestTimeoutMs ? 'requestTimeout' : null;
      case 'lingering':
        return elapsedMs >= LINGER_MS ? 'cut' : null;
      case 'upgraded':
        return null;
    }
  }

  return {
    judge(situation, nowMs) {
      const { serial, bodyBytes, takenBytes } = situation;
      const verdict = phaseVerdict(situation, phase.elapsedMs(`${situation.phase}${serial}`, nowMs));
      if (verdict !== null) return verdict;
      if (bodyBytes === null) body.reset();
      else {
        if (bodyBytes - bodyMark >= LEAST_PROGRESS_BYTES || bodyBytes < bodyMark) bodyMark = bodyBytes;
        if (body.elapsedMs(`${serial} ${bodyMark}`, nowMs) >= limits.bodyTimeoutMs) return 'bodyTimeout';
      }
      if (takenBytes === null) write.reset();
      else {
        if (takenBytes - writeMark >= LEAST_PROGRESS_BYTES || takenBytes < writeMark) writeMark = takenBytes;
        if (write.elapsedMs(`${writeMark}`, nowMs) >= limits.writeTimeoutMs) return 'cut';
      }
      return null;
    },
  };
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
