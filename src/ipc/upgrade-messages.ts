/** What a master says to the new one that it started (USR2). */
export type OldMasterMessage =
  /** It leaves, and removes nothing that both use: the new one has to, from now on. It waits for the answer. */
  { readonly type: 'handOver' };

/** What a new master says to the one that started it. */
export type NewMasterMessage =
  /** All its workers are ready. */
  | { readonly type: 'ready' }
  /** The answer to `handOver`. Without one nothing was handed over. */
  | { readonly type: 'takenOver' };

/** `null`: it is no message. */
export function parseOldMasterMessage(raw: unknown): OldMasterMessage | null {
  return typeOf(raw) === 'handOver' ? { type: 'handOver' } : null;
}

/** `null`: it is no message. */
export function parseNewMasterMessage(raw: unknown): NewMasterMessage | null {
  const type = typeOf(raw);
  return type === 'ready' || type === 'takenOver' ? { type } : null;
}

function typeOf(raw: unknown): unknown {
  return typeof raw === 'object' && raw !== null && 'type' in raw ? raw.type : null;
}
