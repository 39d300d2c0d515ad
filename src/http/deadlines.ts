import { unreachable } from '../errors.ts';
import { type HttpLimits, LEAST_PROGRESS_BYTES } from './limits.ts';
import { type Refusal, refusal } from './refusal.ts';

/** What a connection is waiting for, as the coarse timer finds it. One object is filled in anew for each connection that is judged. */
export interface Situation {
  /**
   * `fresh`: nothing has come yet. `head`: part of a head has. `idle`: between two requests. `busy`: a request is under way. `lingering`:
   * closed from our side. `upgraded`: no longer ours to judge.
   */
  phase: 'fresh' | 'head' | 'idle' | 'busy' | 'lingering' | 'upgraded';
  /** Requests so far: they tell a phase from the same phase later. */
  requests: number;
  /** Bytes of a body that have come, while its reader wants more; `null`: no body is waited for. */
  bodyBytes: number | null;
  /** Bytes of answers that the peer has taken, while there are more; `null`: none waits. */
  takenBytes: number | null;
  /** See `ConnectionHost`. */
  drainIdleMs: number | null;
}

/** One to fill in. */
export function blankSituation(): Situation {
  return { phase: 'fresh', requests: 0, bodyBytes: null, takenBytes: null, drainIdleMs: null };
}

/** What is to be done about a connection. */
export type Verdict = 'close' | 'headTimeout' | 'bodyTimeout' | 'writeTimeout' | 'requestTimeout' | 'cut';

/** How long a peer may take to close its side after ours is closed. */
const LINGER_MS = 2_000;

/** Since when bytes have not moved, or hardly. */
class Standstill {
  sinceMs = 0;
  #isRunning = false;
  #bytes = 0;
  /** The bytes of another request are others. */
  #requests = 0;

  see(bytes: number, { requests, nowMs }: { requests: number; nowMs: number }): void {
    const hasMoved = bytes - this.#bytes >= LEAST_PROGRESS_BYTES || bytes < this.#bytes;
    if (hasMoved) this.#bytes = bytes;
    if (this.#isRunning && !hasMoved && requests === this.#requests) return;
    this.#isRunning = true;
    this.#requests = requests;
    this.sinceMs = nowMs;
  }

  /** Nothing is to move now. */
  stop(): void {
    this.#isRunning = false;
  }
}

/**
 * Measures the patience of one connection. There is no timer a request: one coarse timer asks now and then, and what is found changed
 * begins anew. So nothing ends early, and everything ends late by two rounds of the timer at most.
 *
 * A class, and nothing in it makes an object or a text: thousands of slow clients are judged while others wait for their turn.
 */
export class Patience {
  readonly #limits: HttpLimits;
  #phase: Phase = 'upgraded';
  #requests = 0;
  /** Of an idle connection; else `null`, since a drain changes nothing for others. */
  #drainIdleMs: number | null = null;
  /** Since when these three have been the same. */
  #sinceMs = 0;
  readonly #body = new Standstill();
  readonly #write = new Standstill();

  constructor(limits: HttpLimits) {
    this.#limits = limits;
  }

  judge(situation: Situation, nowMs: number): Verdict | null {
    const { requests, bodyBytes, takenBytes } = situation;
    const phase = phaseOf(situation);
    // For idle connections a drain counts from its beginning.
    const drainIdleMs = phase === 'idle' || phase === 'fresh' ? situation.drainIdleMs : null;
    if (phase !== this.#phase || requests !== this.#requests || drainIdleMs !== this.#drainIdleMs) {
      this.#phase = phase;
      this.#requests = requests;
      this.#drainIdleMs = drainIdleMs;
      this.#sinceMs = nowMs;
    }
    const verdict = this.#phaseVerdict(nowMs - this.#sinceMs);
    if (verdict !== null) return verdict;
    const { bodyTimeoutMs, writeTimeoutMs } = this.#limits;
    if (bodyBytes === null) this.#body.stop();
    else {
      this.#body.see(bodyBytes, { requests, nowMs });
      if (nowMs - this.#body.sinceMs >= bodyTimeoutMs) return 'bodyTimeout';
    }
    if (takenBytes === null) this.#write.stop();
    else {
      this.#write.see(takenBytes, { requests: 0, nowMs });
      if (nowMs - this.#write.sinceMs >= writeTimeoutMs) return 'writeTimeout';
    }
    return null;
  }

  /** Since when this request is under way, late by one round at most; `null`: no round has found it yet. */
  busySinceMs(requests: number): number | null {
    return this.#phase === 'busy' && this.#requests === requests ? this.#sinceMs : null;
  }

  #phaseVerdict(elapsedMs: number): Verdict | null {
    const phase = this.#phase;
    const { headerTimeoutMs, keepAliveMs, requestTimeoutMs } = this.#limits;
    switch (phase) {
      case 'fresh':
        return elapsedMs >= (this.#drainIdleMs ?? headerTimeoutMs) ? 'close' : null;
      case 'head':
        return elapsedMs >= headerTimeoutMs ? 'headTimeout' : null;
      case 'idle':
        return elapsedMs >= (this.#drainIdleMs ?? keepAliveMs) ? 'close' : null;
      case 'busy':
        return requestTimeoutMs !== null && elapsedMs >= requestTimeoutMs ? 'requestTimeout' : null;
      case 'lingering':
        return elapsedMs >= LINGER_MS ? 'cut' : null;
      case 'sending':
      case 'upgraded':
        return null;
      default:
        return unreachable(phase);
    }
  }
}

/** However long the peer takes over a whole answer: as long as it gets on, only `writeTimeout` judges. */
type Phase = Situation['phase'] | 'sending';

function phaseOf({ phase, takenBytes }: Situation): Phase {
  if (takenBytes === null) return phase;
  return phase === 'idle' || phase === 'lingering' ? 'sending' : phase;
}

/** What a verdict can be done to. */
export interface Judged {
  close(): void;
  cut(): void;
  /** As `cut`, so that the kernel, too, forgets what the peer has not taken; and tells of it, as `refuse` does. */
  reset(why: Refusal): void;
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
      return connection.reset(refusal(408, 'answer not read for too long'));
    case 'requestTimeout':
      return connection.refuse(refusal(503, 'request took longer than requestTimeout'));
    case 'cut':
      return connection.cut();
    default:
      return unreachable(verdict);
  }
}
