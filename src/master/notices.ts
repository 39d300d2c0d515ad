import { unreachable } from '../errors.ts';
import type { Pool } from './pool.ts';

/** Between two messages that only say how things are. A crash loop is not told step by step. */
const STATUS_EVERY_MS = 500;

/** What a service manager was told last, and of which pool. */
export interface Told {
  readonly phase: 'starting' | 'ready' | 'reloading' | 'stopping';
  readonly status: string;
  readonly statusAtMs: number;
  /** How far the reload was. */
  readonly reload: Pool['reload']['phase'];
  /** The last generation that was not on its way in. */
  readonly generation: number;
  /** The last reload changed nothing. */
  readonly reloadFailed: boolean;
}

/** Nothing yet. */
export const toldNothing: Told = {
  phase: 'starting',
  status: '',
  statusAtMs: Number.NEGATIVE_INFINITY,
  reload: 'idle',
  generation: 0,
  reloadFailed: false,
};

/** Now, as `System.nowMs`, and by CLOCK_MONOTONIC in microseconds. */
export interface Moment {
  readonly nowMs: number;
  readonly monotonicUsec: bigint;
}

/**
 * What a service manager is to be told of a pool, in order, as variables of sd_notify(3). Each state is told when it begins: `READY=1` when
 * the whole target was ready and when a reload came to its end, whatever that was; `RELOADING=1` for each reload anew, since a manager waits
 * for one that is younger than its request (Type=notify-reload).
 */
export function noticesOf(
  before: Told,
  pool: Pool,
  { nowMs, monotonicUsec }: Moment,
): { readonly told: Told; readonly notices: readonly Readonly<Record<string, string>>[] } {
  const phase = phaseOf(pool);
  const anew = phase === 'reloading' && (before.phase !== 'reloading' || isAnother(before, pool));
  const ended = before.phase === 'reloading' && (phase !== 'reloading' || anew);
  const reloadFailed = ended ? before.generation === pool.generation : before.reloadFailed && !anew;
  const status = statusOf(pool, { phase, reloadFailed });
  const states = [
    ...((phase === 'ready' && before.phase !== 'ready') || (ended && anew) ? [{ READY: '1' }] : []),
    ...(anew ? [{ RELOADING: '1', MONOTONIC_USEC: String(monotonicUsec) }] : []),
    ...(phase === 'stopping' && before.phase !== 'stopping' ? [{ STOPPING: '1' }] : []),
  ];
  const isNews = status !== before.status && (states.length > 0 || nowMs - before.statusAtMs >= STATUS_EVERY_MS);
  const told: Told = {
    phase,
    reloadFailed,
    reload: pool.reload.phase,
    generation: pool.reload.phase === 'rolling' ? before.generation : pool.generation,
    status: isNews ? status : before.status,
    statusAtMs: isNews ? nowMs : before.statusAtMs,
  };
  if (!isNews) return { told, notices: states };
  return { told, notices: [...states.slice(0, -1), { ...states.at(-1), STATUS: status }] };
}

function phaseOf({ stop, announced, reload }: Pool): Told['phase'] {
  if (stop.mode !== 'none') return 'stopping';
  if (!announced) return 'starting';
  return reload.phase === 'idle' ? 'ready' : 'reloading';
}

/** A reload that was asked for while another was under way has begun. */
function isAnother(before: Told, { reload }: Pool): boolean {
  return reload.phase === 'requested' && before.reload !== 'requested';
}

function statusOf(
  { workers, target }: Pool,
  { phase, reloadFailed }: { phase: Told['phase']; reloadFailed: boolean },
): string {
  const ready = workers.filter(({ state }) => state.phase === 'ready').length;
  const count = ready < target ? `${ready} of ${inWords(target)} ready` : `${inWords(ready)} ready`;
  switch (phase) {
    case 'starting':
      return `Starting: ${count}`;
    case 'reloading':
      return `Reloading: ${count}`;
    case 'ready':
      return reloadFailed ? `${count}; the last reload failed, see the log` : count;
    case 'stopping':
      return `Stopping: ${inWords(workers.length)} left`;
    default:
      return unreachable(phase);
  }
}

function inWords(count: number): string {
  return count === 1 ? '1 worker' : `${count} workers`;
}
