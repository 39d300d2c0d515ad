/** Why a request got no whole, right answer. `'refused'`: no connection was made; the other reasons come after that. */
export type LossReason =
  | 'reset'
  | 'closed before an answer'
  | 'closed within an answer'
  | 'refused'
  | 'timeout'
  | 'malformed';

/** A request that was sent, or for which a connection was asked, and that was not answered whole. */
export interface LostRequest {
  readonly why: LossReason;
  /** Bytes of this request's answer that did arrive. */
  readonly bytesReceived: number;
  /** The system's word for it (`'ECONNRESET'`), where it had one. */
  readonly errno: string | null;
  /** How many requests this connection had answered before. */
  readonly afterRequests: number;
  /** Since the load began. */
  readonly atMs: number;
  /** For `'malformed'`: what was wrong. */
  readonly detail: string | null;
}

/** What a load saw. Once stopped, `sent === ok + non2xx + lost.length`. */
export interface LoadReport {
  readonly sent: number;
  /** Whole answers with a 2xx status. */
  readonly ok: number;
  /** Whole answers with another status. */
  readonly non2xx: number;
  readonly lost: readonly LostRequest[];
  /** Connections opened in place of one that was closed. */
  readonly reconnects: number;
  readonly perStatus: Readonly<Record<number, number>>;
  /** The longest that an answer took, from the connection attempt where one was needed. */
  readonly slowestMs: number;
  readonly durationMs: number;
}

/** Counts for all connections of one load. */
export interface Tally {
  sent(): void;
  reconnected(): void;
  answered(status: number, tookMs: number): void;
  lost(request: Omit<LostRequest, 'atMs'>): void;
  report(): LoadReport;
}

/** A tally that begins now. */
export function startTally(): Tally {
  const beganMs = performance.now();
  const lost: LostRequest[] = [];
  const perStatus: Record<number, number> = {};
  let sent = 0;
  let reconnects = 0;
  let slowestMs = 0;
  return {
    sent: () => void sent++,
    reconnected: () => void reconnects++,
    answered(status, tookMs) {
      perStatus[status] = (perStatus[status] ?? 0) + 1;
      if (tookMs > slowestMs) slowestMs = tookMs;
    },
    lost: (request) => void lost.push({ ...request, atMs: performance.now() - beganMs }),
    report() {
      const answers = Object.entries(perStatus);
      const whole = answers.reduce((sum, [, count]) => sum + count, 0);
      const ok = answers.reduce((sum, [status, count]) => (status.startsWith('2') ? sum + count : sum), 0);
      const durationMs = performance.now() - beganMs;
      return {
        sent,
        ok,
        non2xx: whole - ok,
        lost: [...lost],
        reconnects,
        perStatus: { ...perStatus },
        slowestMs,
        durationMs,
      };
    },
  };
}
