import type { Socket } from 'node:net';
import { errnoOf } from '../../src/errors.ts';
import { type AnswerReader, MalformedAnswer, readAnswers } from './answer.ts';
import type { LossReason, Tally } from './load-report.ts';

/** What every connection of a load does. */
export interface LoadPlan {
  /** Opens a connection to the server. */
  readonly connect: () => Socket;
  readonly bytes: Buffer;
  readonly method: string;
  readonly expectBody: Buffer | null;
  readonly mode: 'keep-alive' | 'new-connection';
  readonly pauseMs: number;
  readonly timeoutMs: number;
  /** Told when the client itself runs out of something (ports, descriptors): no fault of the server. */
  readonly onOwnFault: (fault: Error) => void;
}

/** One sender of requests, on one connection at a time. It owns its sockets. */
export interface LoadConnection {
  /** Sends nothing more; `finished` resolves once the request in flight is settled. */
  stop(): void;
  /** Counts a request that is in flight for too long as lost. */
  expire(nowMs: number): void;
  readonly finished: Promise<void>;
}

type Phase = { at: 'pause'; timer: NodeJS.Timeout | null } | { at: 'request'; sinceMs: number } | { at: 'over' };

const REFUSED = new Set(['ECONNREFUSED', 'ENOENT', 'EAGAIN']);
const OWN_FAULTS = new Set([
  'EADDRNOTAVAIL',
  'EADDRINUSE',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EINVAL',
  'EACCES',
]);
/** After a loss the next request waits a moment, so that a dead port does not make a storm. */
const AFTER_LOSS_MS = 10;
/** How long a server may take to close after it said `Connection: close`; then we do. */
const LINGER_MS = 1_000;

/** Starts sending at once. A request is never sent twice, whatever becomes of it. */
export function runConnection(plan: LoadPlan, tally: Tally): LoadConnection {
  const { promise: finished, resolve: finish } = withResolvers();
  let phase: Phase = { at: 'pause', timer: null };
  let stopping = false;
  let socket: Socket | null = null;
  let reader: AnswerReader = readAnswers();
  let answered = 0;
  let opened = 0;

  function next(): void {
    if (stopping) {
      end();
      return;
    }
    phase = { at: 'request', sinceMs: performance.now() };
    tally.sent();
    if (socket === null) open();
    else write(socket);
  }

  function write(to: Socket): void {
    reader.expect(plan.method);
    to.write(plan.bytes);
  }

  function open(): void {
    const fresh = plan.connect();
    socket = fresh;
    reader = readAnswers();
    answered = 0;
    if (opened++ > 0) tally.reconnected();
    let connected = false;
    // Whatever an abandoned socket still reports concerns no request any more.
    const current = () => fresh === socket;
    fresh.on('connect', () => {
      connected = true;
      if (current()) write(fresh);
    });
    fresh.on('data', (bytes) => {
      if (current()) receive(fresh, bytes);
    });
    fresh.on('error', (error) => {
      const errno = errnoOf(error) ?? null;
      if (!current()) return;
      if (!connected && OWN_FAULTS.has(errno ?? '')) fail(error);
      else if (!connected && REFUSED.has(errno ?? '')) gone('refused', errno);
      else gone(errno === 'ETIMEDOUT' ? 'timeout' : 'reset', errno);
    });
    const closed = () => {
      if (current()) gone(reader.bytesReceived > 0 ? 'closed within an answer' : 'closed before an answer', null);
    };
    fresh.on('end', closed);
    fresh.on('close', closed);
  }

  function receive(from: Socket, bytes: Buffer): void {
    try {
      const answer = reader.feed(bytes);
      if (answer === null || phase.at !== 'request') return;
      if (plan.expectBody !== null && !plan.expectBody.equals(answer.body)) {
        throw new MalformedAnswer(`not the expected body: ${JSON.stringify(answer.body.toString('latin1', 0, 200))}`);
      }
      answered++;
      tally.answered(answer.status, performance.now() - phase.sinceMs);
      if (answer.closes || plan.mode === 'new-connection') retire(from);
    } catch (thrown) {
      if (!(thrown instanceof MalformedAnswer)) throw thrown;
      gone('malformed', null, thrown.message);
      return;
    }
    rest(plan.pauseMs);
  }

  /** Lets the server close a connection that has served. */
  function retire(served: Socket): void {
    socket = null;
    served.end();
    served.setTimeout(LINGER_MS, () => served.destroy());
  }

  /** The connection is of no use any more: a loss if a request is on its way, and nothing to speak of if none is. */
  function gone(why: LossReason, errno: string | null, detail: string | null = null): void {
    socket?.destroy();
    socket = null;
    if (phase.at !== 'request' && why !== 'malformed') return;
    if (phase.at === 'over') return;
    // Bytes that no request asked for spoil a connection between two requests: it counts as one more that was sent and lost.
    if (phase.at === 'pause') tally.sent();
    tally.lost({ why, errno, detail, bytesReceived: reader.bytesReceived, afterRequests: answered });
    if (phase.at === 'request') rest(Math.max(plan.pauseMs, AFTER_LOSS_MS));
  }

  function rest(pauseMs: number): void {
    phase = { at: 'pause', timer: null };
    if (stopping) end();
    else if (pauseMs === 0) next();
    else phase.timer = setTimeout(next, pauseMs);
  }

  function end(): void {
    phase = { at: 'over' };
    socket?.destroy();
    socket = null;
    finish();
  }

  function fail(fault: Error): void {
    plan.onOwnFault(fault);
    end();
  }

  next();
  return {
    stop() {
      stopping = true;
      if (phase.at !== 'pause') return;
      clearTimeout(phase.timer ?? undefined);
      end();
    },
    expire(nowMs) {
      if (phase.at === 'request' && nowMs - phase.sinceMs > plan.timeoutMs) gone('timeout', null);
    },
    finished,
  };
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
