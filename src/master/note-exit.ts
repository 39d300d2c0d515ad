import { type BootFailure, endedEarly, endedSoon, notStarted } from './boot-failure.ts';
import { isCrashLoop } from './failures.ts';
import type { Report } from './inbox.ts';
import { likelyCause } from './likely-cause.ts';
import type { Master } from './master.ts';
import { isCanary, type Pool, type PoolWorker } from './pool.ts';

type WorkerExited = Extract<Report, { type: 'workerExited' }>;

/** Writes into the log how a worker ended, and remembers what of it may have to be told to the user. `next` is the pool without it. */
export function noteExit(master: Master, { pool, next }: { pool: Pool; next: Pool }, report: WorkerExited): void {
  const { workerId, workerPid, code, signal } = report;
  const worker = pool.workers.find(({ id }) => id === workerId);
  if (worker === undefined) return;
  const { phase } = worker.state;
  const told = master.bootFailures.get(workerId) ?? null;
  const failure = told ?? failureOf(report, { worker, pool });
  if (failure !== null) master.lastBootFailure = failure;
  // One that we killed needs no explanation.
  const likely = phase === 'killed' ? null : likelyCause(signal);
  const facts = { workerId, workerPid, code, signal, ...(likely === null ? {} : { likely }) };
  const nowMs = master.system.nowMs();
  if ((phase === 'booting' || phase === 'ready') && isCrashLoop(next, nowMs)) {
    const { failures, retryAtMs } = next.backoff;
    const delayMs = Math.max(0, Math.round(retryAtMs - nowMs));
    return master.loopLog.failed({ failures, delayMs, ...facts, ...(failure === null ? {} : reasonOf(failure)) });
  }
  noteOneExit(master, report, { phase, facts, told: told !== null, failure });
  notePause(master, { pool, next });
}

/** Tells when failures begin to slow the pool down. */
export function notePause({ log, system }: Master, { pool, next }: { pool: Pool; next: Pool }): void {
  const { failures, retryAtMs } = next.backoff;
  const delayMs = Math.round(retryAtMs - system.nowMs());
  if (failures > pool.backoff.failures && delayMs > 0 && next.everReady)
    log.event('worker.backoff', { failures, delayMs });
}

function noteOneExit(
  { log }: Master,
  { workerId, error }: WorkerExited,
  end: { phase: PoolWorker['state']['phase']; facts: object; told: boolean; failure: BootFailure | null },
): void {
  const { phase, facts, told, failure } = end;
  if (error !== undefined) return log.event('worker.spawnFailed', { workerId, error });
  if (phase === 'ready') return log.event('worker.crashed', { ...facts });
  if (phase === 'booting' && !told && failure !== null) {
    return log.event('worker.bootFailed', { ...facts, ...reasonOf(failure) });
  }
  log.event('worker.exited', { ...facts });
}

/** The fields that a boot failure has in the log. */
export function reasonOf({ text, output }: BootFailure): { reason: string; output?: string } {
  return output === undefined ? { reason: text } : { reason: text, output };
}

/** What the user has to know of the end of a worker that said nothing of it itself; `null`: nothing. */
function failureOf(report: WorkerExited, { worker, pool }: { worker: PoolWorker; pool: Pool }): BootFailure | null {
  if (report.error !== undefined) return notStarted(report.error);
  if (worker.state.phase === 'booting') return endedEarly(report);
  return worker.state.phase === 'ready' && isCanary(pool, worker) ? endedSoon(report) : null;
}
