import type { WorkerMessage } from '../ipc/messages.ts';
import { unfitSoon } from './boot-failure.ts';
import { isYoung } from './failures.ts';
import { activeConfig, identify, type Master } from './master.ts';
import { notePause } from './note-exit.ts';
import { isCanary, type Pool, step } from './pool.ts';

/** A worker asks to be replaced: only its first word counts, and only while it serves. */
export function digestRecycle(
  master: Master,
  pool: Pool,
  { workerId, message }: { workerId: number; message: Extract<WorkerMessage, { type: 'recycle' }> },
): Pool {
  const { why, memoryMiB } = message;
  const nowMs = master.system.nowMs();
  const next = step(pool, { type: 'recycleRequested', workerId, why }, nowMs);
  const worker = pool.workers.find(({ id }) => id === workerId);
  if (next === pool || worker === undefined) return next;
  const who = identify(master, { workerId });
  master.log.event('worker.recycling', { ...who, why, ...(memoryMiB === undefined ? {} : { memoryMiB }) });
  const isRefused = next.reload.phase === 'rolling' && next.reload.trial.verdict === 'failed';
  if (isRefused && isCanary(pool, worker)) master.lastBootFailure = unfitSoon(why);
  if (why === 'maxMemory' && isYoung(worker, nowMs)) {
    const { maxMemory } = activeConfig(master, pool).config;
    master.log.event('worker.maxMemoryTooLow', { ...who, maxMemory, memoryMiB });
  }
  notePause(master, { pool, next });
  return next;
}
