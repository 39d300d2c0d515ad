import type { ServerOptions } from '../../support/server.ts';

/** An interface that is held to the deadlines. */
export interface Subject {
  /** One of the applications `slow-clients.mjs`, and how it is started. */
  readonly served: Pick<ServerOptions, 'app' | 'env'>;
  /** It knows that a head has begun, whatever came before it. */
  readonly seesBeginnings: boolean;
  /** A body is gathered, up to a size between `SOME_BYTES` and `MANY_BYTES`: the application does not see a small one that breaks off. */
  readonly gathersBodies: boolean;
}

/** Of a body that breaks off; no interface keeps `MANY_BYTES` back until the rest has come. */
export const SOME_BYTES = 10;
export const MANY_BYTES = 1_048_576;
