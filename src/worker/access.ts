import type { RequestView } from '../app/contract.ts';
import type { AccessRecord } from '../logging/access-log.ts';

/** When a request began. */
export interface Beginning {
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Monotonic. */
  readonly startedMs: number;
}

export function beginNow(): Beginning {
  return { startedAt: Date.now(), startedMs: performance.now() };
}

/** The facts of one request for the access log. */
export function accessRecord(view: RequestView, { startedAt, startedMs }: Beginning): AccessRecord {
  return {
    remoteAddress: view.clientAddress,
    startedAt,
    durationUs: (performance.now() - startedMs) * 1_000,
    method: view.method,
    target: view.target,
    protocol: view.protocol,
    status: view.status,
    responseBytes: view.responseBytes,
    requestHeader: (name) => view.requestHeader(name),
    responseHeader: (name) => view.responseHeader(name),
    environment: (name) => process.env[name],
    pid: process.pid,
  };
}
