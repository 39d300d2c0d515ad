import type { Listener } from '../listener/bind.ts';
import { activeConfig, type Master } from './master.ts';
import type { Pool } from './pool.ts';

/**
 * Forgets the configurations that nobody needs any more, and closes the sockets that only they had: those of a reload that came to
 * nothing, or of the generation before it once the last of its workers leaves. Whatever may change that must call this.
 */
export function forgetUnneeded(master: Master, pool: Pool): void {
  // What is loaded now may use any of them again, and what it has bound is nobody's yet.
  if (pool.reload.phase === 'loading') return;
  for (const generation of master.configs.keys()) {
    if (!isNeeded(pool, generation)) master.configs.delete(generation);
  }
  master.sockets.keep([...master.configs.values()].flatMap(({ listeners }) => listeners));
}

function isNeeded({ generation: current, reload, workers }: Pool, generation: number): boolean {
  if (generation === current) return true;
  if (reload.phase === 'rolling' && reload.trial.verdict !== 'proven' && reload.from.generation === generation)
    return true;
  return workers.some(
    (worker) =>
      worker.generation === generation && (worker.state.phase === 'booting' || worker.state.phase === 'ready'),
  );
}

/** The sockets of a worker that those who stay do not accept from, by URL: what waits in their queues nobody else will answer. */
export function removedFrom(master: Master, pool: Pool, workerId: number): string[] {
  const worker = pool.workers.find(({ id }) => id === workerId);
  const own = worker === undefined ? undefined : master.configs.get(worker.generation);
  const { listeners } = activeConfig(master, pool);
  return urlsOf((own?.listeners ?? []).filter((listener) => !listeners.includes(listener)));
}

/** When a reload can not be taken back any more: where the server listens from now on, if that is not where it did. */
export function announceAddresses(master: Master, pool: Pool): void {
  if (pool.reload.phase !== 'rolling') return;
  const before = urlsOf(master.configs.get(pool.reload.from.generation)?.listeners ?? []);
  const addresses = urlsOf(activeConfig(master, pool).listeners);
  if (addresses.join(' ') !== before.join(' ')) master.log.event('server.listening', { addresses });
}

function urlsOf(listeners: readonly Listener[]): string[] {
  return listeners.map(({ url }) => url);
}
