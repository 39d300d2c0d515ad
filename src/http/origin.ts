import type { Peer } from './peer.ts';
import type { Refusal } from './refusal.ts';

/** Where a request came from, once the fields of trusted proxies were read. */
export interface Origin {
  /** `''` on a unix socket. */
  readonly clientAddress: string;
  /** Whether the client spoke TLS, with us or with a proxy that is believed. */
  readonly secure: boolean;
  /** Names as sent and values, alternating: those that an application may see. */
  readonly fields: readonly string[];
}

export type OriginOf = (fields: readonly string[], peer: Peer) => Origin | Refusal;

/** Remembers the origin of the last request of a connection: the next one mostly has the very same fields. */
export function rememberOrigin(originOf: OriginOf, peer: Peer): (fields: readonly string[]) => Origin | Refusal {
  let lastFields: readonly string[] | null = null;
  let last: Origin | null = null;
  return (fields) => {
    if (last !== null && fields === lastFields) return last;
    const origin = originOf(fields, peer);
    if ('status' in origin) return origin;
    lastFields = fields;
    last = origin;
    return origin;
  };
}
