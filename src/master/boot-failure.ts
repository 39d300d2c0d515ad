import type { ErrorCode } from '../errors.ts';
import type { RecycleReason } from '../ipc/messages.ts';
import { likelyCause } from './likely-cause.ts';

/** Why a worker did not come up, in words for a person. */
export interface BootFailure {
  readonly code: ErrorCode;
  readonly text: string;
  /** The end of what the application wrote while it was loaded. */
  readonly output?: string;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

function howItEnded({ code, signal }: ProcessEnd): string {
  return signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
}

/** The worker process ended by itself, and said nothing. */
export function endedEarly(end: ProcessEnd): BootFailure {
  const likely = likelyCause(end.signal);
  const why =
    likely === null ? 'Something in the application ends the process while it is loaded' : `Most likely: ${likely}`;
  const text = `The worker ${howItEnded(end)} before the application was ready. ${why}.`;
  return { code: 'NO_WORKER_READY', text };
}

/** The first worker of a reload was ready, and did not live long enough to be trusted. */
export function endedSoon(end: ProcessEnd): BootFailure {
  const text = `The first new worker ${howItEnded(end)} within "settleTime" after it was ready. What it said before its end is in the log.`;
  return { code: 'NO_WORKER_READY', text };
}

/** A worker of a new master (USR2), which the old one still waits for, was ready and did not live. */
export function endedInUpgrade(end: ProcessEnd): BootFailure {
  const text = `A worker ${howItEnded(end)} before the upgrade was done. What it said before its end is in the log.`;
  return { code: 'NO_WORKER_READY', text };
}

const asked: Readonly<Record<RecycleReason, string>> = {
  maxRequests: 'has answered "maxRequests" requests',
  maxMemory: 'has more in memory than "maxMemory" allows. Raise it, or find out what takes so much',
  uncaughtException: 'let an exception escape, which is in the log',
  unhandledRejection: 'left a rejected promise unhandled, which is in the log',
  descriptors:
    'has nearly all of its descriptors in use. Raise the limit (LimitNOFILE=, ulimit -n), or find out what it keeps open',
  listenerLost: 'closed the socket that its worker accepts from',
};

/** As `endedSoon`, but it asked to be replaced before it had a client. */
export function unfitSoon(why: RecycleReason): BootFailure {
  const text = `The first new worker asked to be replaced before it had answered anybody: it ${asked[why]}.`;
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
