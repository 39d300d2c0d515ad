import { type LoadPlan, runConnection } from './load-connection.ts';
import { type LoadReport, startTally } from './load-report.ts';
import { disown, own } from './owned.ts';
import { connectTo, methodOf, type RequestShape, requestBytes, type Target } from './target.ts';

export type { LoadReport, LossReason, LostRequest } from './load-report.ts';

/** What is sent where, and by how many at once. */
export interface LoadOptions {
  readonly target: Target;
  /** How many requests are on their way at a time, each on a connection of its own. */
  readonly connections: number;
  readonly mode: 'keep-alive' | 'new-connection';
  readonly request?: RequestShape;
  /** An answer with another body counts as malformed. */
  readonly expectBody?: Buffer | string;
  /** Between an answer and the next request of the same connection. Default 0. */
  readonly pauseMs?: number;
  /** A request that is not answered within this time is lost. Default 10 000. */
  readonly timeoutMs?: number;
  /** The load stops by itself after this time. Default 120 000. */
  readonly maxMs?: number;
  /** Addresses in 127.0.0.0/8, used in turn: each has some 28 000 ephemeral ports to a target. TCP only. */
  readonly sourceAddresses?: readonly string[];
}

/** A load that runs. */
export interface Load {
  /** The count so far. */
  report(): LoadReport;
  /**
   * Sends nothing more, waits until the requests in flight are settled (at most 10 s: what is open then is lost by `'timeout'`), and
   * resolves with the final count. Can be called again.
   *
   * @throws where the client itself ran out of ports or descriptors, because then the count says nothing about the server
   */
  stop(): Promise<LoadReport>;
}

const STOP_WITHIN_MS = 10_000;
const EXPIRE_EVERY_MS = 100;

/**
 * Loads a server over raw sockets and never retries: each request is sent once and either answered whole or counted as lost, with the
 * reason. A connection that the server closes while no request is on its way is opened again and costs nothing.
 */
export function startLoad(options: LoadOptions): Load {
  const { target, mode, sourceAddresses = [] } = options;
  const request = mode === 'keep-alive' ? (options.request ?? {}) : withConnectionClose(options.request ?? {});
  let ownFault: Error | null = null;
  let turn = 0;
  const plan: LoadPlan = {
    connect: () => connectTo(target, { sourceAddress: sourceAddresses[turn++ % sourceAddresses.length] }),
    bytes: requestBytes(target, request),
    method: methodOf(request),
    expectBody: options.expectBody === undefined ? null : Buffer.from(options.expectBody),
    mode,
    pauseMs: options.pauseMs ?? 0,
    timeoutMs: options.timeoutMs ?? 10_000,
    onOwnFault: (fault) => {
      ownFault ??= fault;
    },
  };
  const tally = startTally();
  const connections = Array.from({ length: options.connections }, () => runConnection(plan, tally));
  const expiry = setInterval(expire, EXPIRE_EVERY_MS);
  const limit = setTimeout(stopAll, options.maxMs ?? 120_000);
  const finished = Promise.all(connections.map((connection) => connection.finished));

  function expire(): void {
    for (const connection of connections) connection.expire(performance.now());
  }
  function stopAll(): void {
    for (const connection of connections) connection.stop();
  }

  function hurry(): void {
    for (const connection of connections) connection.expire(Number.POSITIVE_INFINITY);
  }
  function destroy(): void {
    stopAll();
    hurry();
    clearTimeout(limit);
    clearInterval(expiry);
  }
  const owned = { label: `a load of ${options.connections} connections, which was not stopped`, destroy };
  own(owned);

  return {
    report: tally.report,
    async stop() {
      stopAll();
      const patience = setTimeout(hurry, STOP_WITHIN_MS);
      await finished;
      clearTimeout(patience);
      destroy();
      disown(owned);
      if (ownFault !== null)
        throw new Error('the load client itself gave out, so its count is void', { cause: ownFault });
      return tally.report();
    },
  };
}

function withConnectionClose(request: RequestShape): RequestShape {
  return { ...request, headers: { ...request.headers, Connection: 'close' } };
}
