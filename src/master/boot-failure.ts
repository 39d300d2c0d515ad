import type { ErrorCode } from '../errors.ts';

/** Why a worker did not come up, in words for a person. */
export interface BootFailure {
  readonly code: ErrorCode;
  readonly text: string;
}

interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

function howItEnded({ code, signal }: ProcessEnd): string {
  return signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
}

/** The worker process ended by itself, and said nothing. */
export function endedEarly(end: ProcessEnd): BootFailure {
  const text = `The worker ${howItEnded(end)} before the application was ready. Something in the application ends the process while it is loaded.`;
  return { code: 'NO_WORKER_READY', text };
}

/** The first worker of a reload was ready, and did not live long enough to be trusted. */
export function endedSoon(end: ProcessEnd): BootFailure {
  const text = `The first new worker ${howItEnded(end)} within "settleTime" after it was ready. What it said before its end is in the log.`;
  return { code: 'NO_WORKER_READY', text };
}

/** As `endedSoon`, but it hangs. */
export function silentSoon(silentMs: number): BootFailure {
  const text = `The first new worker was ready, and then said nothing for ${(silentMs / 1000).toFixed(1)} s ("timeout"). Something blocks its event loop.`;
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

/** The application closed the channel before it was ready. */
export const channelClosed: BootFailure = {
  code: 'NO_WORKER_READY',
  text: 'The worker closed its channel to the master before the application was ready. Something in the application calls process.disconnect().',
};

/** What an operator may think of when a worker that served ended like this; nothing where the end speaks for itself. */
export function hintAt({ signal }: ProcessEnd): { readonly hint?: string } {
  switch (signal) {
    case 'SIGKILL':
      return { hint: 'out of memory? The kernel ends processes so: dmesg tells whether it did' };
    case 'SIGABRT':
      return { hint: 'out of memory? Node aborts so when its heap is full, and says so on standard error' };
    default:
      return {};
  }
}
