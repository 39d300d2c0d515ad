import { setTimeout as delay } from 'node:timers/promises';
import type { Service } from '../app/contract.ts';
import type { DrainMode } from '../ipc/messages.ts';
import type { Acceptor } from '../listener/inherit.ts';

/** How long a stopping worker goes on accepting what waits in the kernel's queue, at most. */
const EMPTY_QUEUE_WITHIN_MS = 1_000;
/** `Connection: close` makes clients connect anew: they should be refused by then, not find the queue of a worker that is just closing. */
const SIBLINGS_CLOSE_WITHIN_MS = 200;
/** What is left before the master's SIGKILL for the last words: hooks, logs. */
const FAREWELL_MS = 500;

export interface DrainTarget {
  readonly acceptors: readonly Acceptor[];
  readonly service: Service;
}

export interface DrainRequest {
  readonly mode: DrainMode;
  /** The master kills after this. */
  readonly graceMs: number;
}

/**
 * Takes a worker out of service: stops accepting, lets the service answer what it holds, and cuts what is left shortly before the master
 * would kill.
 *
 * @returns how many connections had to be cut.
 */
export async function drainWorker({ acceptors, service }: DrainTarget, request: DrainRequest): Promise<number> {
  const { mode, graceMs } = request;
  const cutInMs = Math.max(graceMs * 0.9, graceMs - FAREWELL_MS);
  let cut = 0;
  const timer = setTimeout(() => {
    cut = service.cut();
  }, cutInMs);
  // Others accept on while this worker retires. When the whole server stops, nobody else will answer what the kernel has queued.
  if (mode === 'stop') {
    await Promise.all(
      acceptors.map((acceptor) => acceptor.closeWhenQueueIsEmpty(Math.min(EMPTY_QUEUE_WITHIN_MS, cutInMs))),
    );
    if (service.connections() > 0) await delay(Math.min(SIBLINGS_CLOSE_WITHIN_MS, cutInMs));
  } else {
    for (const acceptor of acceptors) acceptor.close();
  }
  await service.drain(mode === 'quick' ? 'quick' : 'graceful');
  clearTimeout(timer);
  return cut;
}
