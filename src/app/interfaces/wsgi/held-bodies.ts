import type { Exchange } from '../../../http/exchange.ts';
import { type BodyShare, createBodyMemory } from './body-memory.ts';
import type { Call } from './call.ts';

/** The bodies of requests that are not over. */
export interface HeldBodies {
  /** The body of a request begins to be read. */
  begin(exchange: Exchange): BodyShare;
  /** What was read of it belongs to a call now. */
  handOver(call: Call): void;
  /** The request is over. A process may be busy with it, and the queue may know it for a while, but nobody needs its body any more. */
  forget(exchange: Exchange): void;
}

export function createHeldBodies(): HeldBodies {
  const memory = createBodyMemory();
  const held = new Map<Exchange, { readonly share: BodyShare; call: Call | null }>();
  return {
    begin(exchange) {
      const share = memory.share();
      held.set(exchange, { share, call: null });
      return share;
    },
    handOver(call) {
      const each = held.get(call.exchange);
      if (each !== undefined) each.call = call;
    },
    forget(exchange) {
      const each = held.get(exchange);
      if (each === undefined) return;
      held.delete(exchange);
      each.share.release();
      if (each.call !== null) each.call.body = null;
    },
  };
}
