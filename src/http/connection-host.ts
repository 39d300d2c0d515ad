import type { Connection } from './connection.ts';
import type { Exchange } from './exchange.ts';
import type { HttpLimits } from './limits.ts';
import type { OriginOf } from './origin.ts';
import type { Refusal } from './refusal.ts';
import type { StandingFields } from './standing.ts';

/** What all connections of an engine share. */
export interface ConnectionHost {
  readonly limits: HttpLimits;
  readonly standing: StandingFields;
  readonly originOf: OriginOf;
  /** How long a connection may idle before it is closed, while the engine is drained; `null`: it is not. */
  readonly drainIdleMs: number | null;
  /** Calls the application. It may throw nothing. */
  handle(exchange: Exchange): void;
  /** An exchange that reached the application is over. */
  finished(exchange: Exchange): void;
  refused(refusal: Refusal, connection: Connection): void;
  closed(connection: Connection): void;
}
