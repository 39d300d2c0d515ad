/** How far a reload has come. */
export type Reload =
  | { readonly phase: 'idle' }
  /** Asked for; the file is read as soon as a worker was ever ready. */
  | { readonly phase: 'requested' }
  /** The file is being read; `again`: another request came meanwhile. */
  | { readonly phase: 'loading'; readonly again: boolean }
  | {
      readonly phase: 'rolling';
      readonly again: boolean;
      readonly from: { readonly generation: number; readonly target: number };
      readonly trial: Trial;
    };

/** How the first worker of a new generation gets on. Until it is proven it is alone, and no old one leaves. */
export type Trial =
  | { readonly verdict: 'open' }
  /** It is ready, takes no connection yet, and has to live on for a while. */
  | { readonly verdict: 'settling'; readonly sinceMs: number }
  /** It takes connections as the others do, and has to live on as long again. */
  | { readonly verdict: 'admitted'; readonly sinceMs: number }
  | { readonly verdict: 'proven' }
  /** It ended before that. */
  | { readonly verdict: 'failed' };

/** Whether the first worker of a new generation has yet to show that it lives. */
export function isOnTrial({ verdict }: Trial): boolean {
  return verdict === 'open' || verdict === 'settling' || verdict === 'admitted';
}
