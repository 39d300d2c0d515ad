import { randomBytes } from 'node:crypto';
import { limitsOf } from '../config/limits.ts';
import { TsunicornError } from '../errors.ts';
import type { System } from '../os/system.ts';
import { type BootFailure, endedEarly, notReadyInTime, notStarted } from './boot-failure.ts';
import { createCrew } from './crew.ts';
import { createInbox } from './inbox.ts';
import type { VettedConfig } from './vet.ts';

const WORKER_ID = 1;
const LEAVE_WITHIN_MS = 5_000;

/**
 * Boots the application once in a worker that gets no socket, and ends it again.
 *
 * @throws TsunicornError with what the application said when it does not become ready within `bootTimeout`.
 */
export async function checkApplication(loaded: VettedConfig, context: { system: System; cwd: string }): Promise<void> {
  const { system, cwd } = context;
  const inbox = createInbox();
  const crew = createCrew({ system, inbox, sockets: { withheldFds: () => [] }, cwd, ticketSecret: randomBytes(32) });
  const { bootTimeoutMs } = limitsOf(loaded.config);
  const deadlineMs = system.nowMs() + bootTimeoutMs;
  crew.spawn({ id: WORKER_ID, generation: 0, quiet: true }, { ...loaded, listeners: [] });
  let failure: TsunicornError | null = null;
  for (;;) {
    const leftMs = deadlineMs - system.nowMs();
    if (leftMs <= 0) {
      failure ??= asError(notReadyInTime(bootTimeoutMs));
      crew.signal(WORKER_ID, 'SIGKILL');
    }
    for (const report of await inbox.take(Math.max(leftMs, 50))) {
      if (report.type === 'workerMessage' && report.message?.type === 'bootFailed') {
        failure = asError(report.message);
      } else if (report.type === 'workerMessage' && report.message?.type === 'ready') {
        return await endWorker();
      } else if (report.type === 'workerExited') {
        throw failure ?? asError(report.error === undefined ? endedEarly(report) : notStarted(report.error));
      }
    }
  }

  /** As it likes, since it may have processes of its own to end; an application that does not let go is killed. */
  async function endWorker(): Promise<void> {
    crew.send(WORKER_ID, { type: 'drain', mode: 'quick', graceMs: LEAVE_WITHIN_MS, removed: [] });
    const killAtMs = system.nowMs() + LEAVE_WITHIN_MS;
    for (;;) {
      const leftMs = killAtMs - system.nowMs();
      if (leftMs <= 0) crew.signal(WORKER_ID, 'SIGKILL');
      const reports = await inbox.take(Math.max(leftMs, 50));
      if (reports.some(({ type }) => type === 'workerExited')) return;
    }
  }
}

function asError({ code, text }: BootFailure): TsunicornError {
  return new TsunicornError(code, text);
}
