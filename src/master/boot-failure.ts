import type { ErrorCode } from '../errors.ts';

/** Why a worker did not come up, in words for a person. */
export interface BootFailure {
  readonly code: ErrorCode;
  readonly text: string;
}

/** The worker process ended by itself, and said nothing. */
export function endedEarly({ code, signal }: { code: number | null; signal: string | null }): BootFailure {
  const how = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
  const text = `The worker ${how} before the application was ready. Something in the application ends the process while it is loaded.`;
  return { code: 'NO_WORKER_READY', text };
}

export function notReadyInTime(bootTimeoutMs: number): BootFailure {
  const text =
    `The application was not ready within ${bootTimeoutMs / 1000} s (bootTimeout). ` +
    'Look for what it waits for while it is loaded, or allow it more time.';
  return { code: 'NO_WORKER_READY', text };
}

/** The operating system refused to start the worker process. */
export function notStarted(error: Error): BootFailure {
  return { code: 'NO_WORKER_READY', text: `No worker process could be started: ${error.message}` };
}
