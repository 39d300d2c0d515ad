/** What a connection may take, in bytes and milliseconds, whatever interface answers it. */
export interface HttpLimits {
  /** Method to version, without the line end; above: 414. */
  readonly maxRequestLineBytes: number;
  /** Above: 431. */
  readonly maxFields: number;
  /** Name to value, without the line end; above: 431. */
  readonly maxFieldBytes: number;
  /** All field lines with their line ends; above: 431. */
  readonly maxHeadBytes: number;
  /** `null`: any number; above: 413. */
  readonly maxBodyBytes: number | null;
  /** First byte to the end of the head, and a new connection's silence. */
  readonly headerTimeoutMs: number;
  /** Silence within a body. */
  readonly bodyTimeoutMs: number;
  /** A client that does not read. */
  readonly writeTimeoutMs: number;
  /** Head to the end of the answer; `null`: for ever. */
  readonly requestTimeoutMs: number | null;
  /** Idle between two requests; 0: every answer closes its connection. */
  readonly keepAliveMs: number;
  /** How long a connection may idle when a drain has begun. */
  readonly drainIdleTimeoutMs: number;
}

/** Fewer bytes than these within `bodyTimeoutMs` or `writeTimeoutMs` count as silence: a byte now and then keeps nobody's place. */
export const LEAST_PROGRESS_BYTES = 1024;
