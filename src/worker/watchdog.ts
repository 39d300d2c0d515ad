import { Worker } from 'node:worker_threads';
import type { Service } from '../app/contract.ts';
import { limitsOf } from '../config/limits.ts';
import { CHANNEL_FD } from '../os/line-channel.ts';
import type { Config } from '../settings.ts';
import { leaveTestimony } from './testimony.ts';

/** What the thread is told. */
export interface WatchdogOrder {
  /** One number, which grows with each heartbeat. */
  readonly beats: Int32Array;
  readonly channelFd: number;
  /** Silence for so long is worth a look. */
  readonly quietMs: number;
  /** And for so long after it. */
  readonly glanceMs: number;
  /** How long the main thread may take to answer. */
  readonly answerWithinMs: number;
  /** When what runs was loaded, of `Date.now()`. */
  readonly loadedAtMs: number;
}

/** A thread beside the event loop, which sleeps as long as that beats. */
export interface Watchdog {
  beat(): void;
}

/** Before the master acts; what the thread needs is some 50 ms, but not where all processors are busy, as they may well be then. */
const LONGEST_LEAD_MS = 1_000;
const HEAP_MIB = 64;

/** How the thread divides its time, so that what it finds is with the master before `timeoutMs` are over. */
export function paceOf(timeoutMs: number): Pick<WatchdogOrder, 'quietMs' | 'glanceMs' | 'answerWithinMs'> {
  const leadMs = Math.min(LONGEST_LEAD_MS, timeoutMs / 4);
  // A process that was stopped looks silent when it runs again: it gets the time for a heartbeat.
  return { quietMs: timeoutMs - leadMs, glanceMs: leadMs / 10, answerWithinMs: leadMs / 2 };
}

/** Watches over this worker, if somebody wants to know where it hangs, and there is JavaScript in it that may. */
export function watchOver(service: Service, { config, hasHooks }: { config: Config; hasHooks: boolean }): Watchdog {
  const { timeoutMs } = limitsOf(config);
  // The stack of a Python process is Python's to tell (faulthandler); what is left here is our own.
  const isWanted = config.stackOnTimeout && (config.interface !== 'wsgi' || hasHooks);
  return isWanted && timeoutMs !== null ? startWatchdog(service, timeoutMs) : { beat: () => {} };
}

/** Starts the thread. It ends with the process, and keeps nothing alive. */
function startWatchdog(service: Service, timeoutMs: number): Watchdog {
  leaveTestimony(() => service.inFlight());
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const order: WatchdogOrder = { beats, channelFd: CHANNEL_FD, loadedAtMs: Date.now(), ...paceOf(timeoutMs) };
  const thread = new Worker(new URL('./watchdog-thread.js', import.meta.url), {
    workerData: order,
    name: 'watchdog',
    // Nothing that others load into each thread of Node belongs here.
    execArgv: [],
    env: {},
    stdout: true,
    stderr: true,
    resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: HEAP_MIB, stackSizeMb: 1 },
  });
  thread.unref();
  // It may run out of memory over a source map, or not start at all: the worker serves on, and hangs without a stack.
  thread.on('error', () => {});
  return {
    beat() {
      Atomics.add(beats, 0, 1);
      Atomics.notify(beats, 0);
    },
  };
}
