import type { Config } from '../settings.ts';

/** The limits in milliseconds and bytes, as everything behind the configuration wants them. */
export interface Limits {
  /** `null`: a worker may be silent for ever. */
  readonly timeoutMs: number | null;
  readonly gracefulTimeoutMs: number;
  /** 0: every answer closes its connection. */
  readonly keepAliveMs: number;
  readonly bootTimeoutMs: number;
  readonly drainIdleTimeoutMs: number;
  /** `null`: a request may take for ever. */
  readonly requestTimeoutMs: number | null;
  readonly headerTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly writeTimeoutMs: number;
  readonly maxRequestLineBytes: number;
  readonly maxFields: number;
  readonly maxFieldBytes: number;
  readonly maxHeadBytes: number;
  /** `null`: any number. */
  readonly maxBodyBytes: number | null;
  readonly maxSurge: number;
  readonly settleMs: number;
  /** How long a request for Python may wait for a process. */
  readonly queueTimeoutMs: number;
  /** What a worker, or of a Python application a Python process, may have in memory, in MiB; `null`: any amount. */
  readonly maxMemoryMiB: number | null;
}

/** The one place where the seconds of the settings become milliseconds. */
export function limitsOf(config: Config): Limits {
  return {
    timeoutMs: config.timeout === 0 ? null : toMs(config.timeout),
    gracefulTimeoutMs: toMs(config.gracefulTimeout),
    keepAliveMs: toMs(config.keepAlive),
    bootTimeoutMs: toMs(config.bootTimeout),
    drainIdleTimeoutMs: toMs(config.drainIdleTimeout),
    requestTimeoutMs: config.requestTimeout === 0 ? null : toMs(config.requestTimeout),
    headerTimeoutMs: toMs(config.headerTimeout),
    bodyTimeoutMs: toMs(config.bodyTimeout),
    writeTimeoutMs: toMs(config.writeTimeout),
    maxRequestLineBytes: config.limitRequestLine,
    maxFields: config.limitRequestFields,
    maxFieldBytes: config.limitRequestFieldSize,
    maxHeadBytes: config.limitRequestHead,
    maxBodyBytes: config.limitRequestBody === 0 ? null : config.limitRequestBody,
    maxSurge: config.maxSurge,
    settleMs: toMs(config.settleTime),
    queueTimeoutMs: toMs(config.queueTimeout),
    maxMemoryMiB: config.maxMemory === 0 ? null : config.maxMemory,
  };
}

/** Whole milliseconds; what is above zero stays so, because zero may mean `off`. */
function toMs(seconds: number): number {
  return Math.ceil(seconds * 1000);
}
