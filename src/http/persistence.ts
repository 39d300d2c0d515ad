import type { RequestHead } from './head-reader.ts';

/** How much of a body that nobody wanted is read, so that the connection can be used again. */
export const UNWANTED_BODY_BYTES = 262_144;

/** What decides whether a connection lives on after an answer. */
export interface Persistence {
  readonly head: RequestHead;
  /** 0: never. */
  readonly keepAliveMs: number;
  /** The client has closed its side. */
  readonly hasPeerEnded: boolean;
  /** Announced bytes of the request's body that have not come, 0 where nobody knows how many; `null`: it was read to its end. */
  readonly missingBytes: number | null;
  /** The client waits for `100 Continue`: nobody knows whether its body will come (RFC 9110, section 10.1.1). */
  readonly owesContinue: boolean;
  readonly isDraining: boolean;
  /** Something of a next request is here already. */
  readonly hasMore: boolean;
}

/** Whether a connection has to end after an answer, and the answer to say so (RFC 9112, section 9.3). */
export function endsConnection(facts: Persistence): boolean {
  const { line, fields } = facts.head;
  if (fields.connection.close || (line.minorVersion === 0 && !fields.connection.keepAlive)) return true;
  if (facts.keepAliveMs === 0 || (facts.hasPeerEnded && !facts.hasMore)) return true;
  if (facts.missingBytes !== null && (facts.owesContinue || facts.missingBytes > UNWANTED_BODY_BYTES)) return true;
  // With pipelining only the last answer may say so.
  return facts.isDraining && !facts.hasMore;
}
