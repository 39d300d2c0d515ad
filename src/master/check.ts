import { limitsOf } from '../config/limits.ts';
import type { LoadedConfig } from '../config/load.ts';
import { TsunicornError } from '../errors.ts';
import type { System } from '../os/system.ts';
import { createCrew } from './crew.ts';
import { createInbox } from './inbox.ts';

const WORKER_ID = 1;

/**
 * Boots the application once in a worker that gets no socket, and ends it again.
 *
 * @throws TsunicornError with what the application said when it does not become ready within `bootTimeout`.
 */
export async function checkApplication(loaded: LoadedConfig, context: { system: System; cwd: string }): Promise<void> {
  const { system, cwd } = context;
  const inbox = createInbox();
  const crew = createCrew({ system, inbox, listeners: [], cwd });
  const { bootTimeoutMs } = limitsOf(loaded.config);
  const deadlineMs = system.nowMs() + bootTimeoutMs;
  crew.spawn({ id: WORKER_ID, generation: 0 }, loaded);
  let failure: TsunicornError | null = null;
  for (;;) {
    const leftMs = deadlineMs - system.nowMs();
    if (leftMs <= 0) {
      failure ??= new TsunicornError(
        'NO_WORKER_READY',
        `The application was not ready within ${bootTimeoutMs / 1000} s (bootTimeout).`,
      );
      crew.signal(WORKER_ID, 'SIGKILL');
    }
    for (const report of await inbox.take(Math.max(leftMs, 50))) {
      if (report.type === 'workerMessage' && report.message?.type === 'bootFailed') {
        failure = new TsunicornError(report.message.code, report.message.text);
      } else if (report.type === 'workerMessage' && report.message?.type === 'ready') {
        return await endWorker();
      } else if (report.type === 'workerExited') {
        const text = `The worker ended before the application was ready (code ${report.code}, signal ${report.signal}).`;
        throw failure ?? new TsunicornError('NO_WORKER_READY', report.error?.message ?? text);
      }
    }
  }

  async function endWorker(): Promise<void> {
    crew.signal(WORKER_ID, 'SIGKILL');
    for (;;) {
      const reports = await inbox.take(bootTimeoutMs);
      if (reports.some(({ type }) => type === 'workerExited')) return;
    }
  }
}
