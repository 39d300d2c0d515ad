import type { Service } from '../app/contract.ts';
import type { DrainMode } from '../ipc/messages.ts';
import type { Acceptor } from '../listener/inherit.ts';

/** How long a stopping worker goes on accepting what waits in the kernel's queue, at most. */
const EMPTY_QUEUE_WITHIN_MS = 1_000;
/** What is left before the master's SIGKILL for the last words, hooks and logs, on a busy machine too; at most a third of the time. */
const FAREWELL_MS = 1_000;

export interface DrainTarget {
  readonly acceptors: readonly Acceptor[];
  readonly service: Service;
}

export interface DrainRequest {
  readonly mode: DrainMode;
  /** The master kills after this. */
  readonly graceMs: number;
  /** Resolves when the siblings that stop too accept no more. */
  siblingsRefuse(): Promise<void>;
}

/**
 * Takes a worker out of service: stops accepting, lets the service answer what it holds, and cuts what is left shortly before the master
 * would kill.
 *
 * @returns how many connections had to be cut.
 */
export async function drainWorker({ acceptors, service }: DrainTarget, request: DrainRequest): Promise<number> {
  const { mode, graceMs } = request;
  const cutInMs = Math.max((graceMs * 2) / 3, graceMs - FAREWELL_MS);
  const beganMs = performance.now();
  let cut = 0;
  const timer = setTimeout(() => {
    cut = service.cut();
  }, cutInMs);
  // Others accept on while this worker retires. When the whole server stops, nobody else will answer what the kernel has queued.
  if (mode === 'stop') {
    await Promise.all(
      acceptors.map((acceptor) => acceptor.closeWhenQueueIsEmpty(Math.min(EMPTY_QUEUE_WITHIN_MS, cutInMs))),
    );
    // `Connection: close` makes clients connect anew: by then they should be refused, not find the queue of a sibling that is closing.
    if (service.connections() > 0) await request.siblingsRefuse();
  } else {
    for (const acceptor of acceptors) acceptor.close();
  }
  await service.drain(mode === 'quick' ? 'quick' : 'graceful');
  clearTimeout(timer);
  await service.end?.(Math.max(0, beganMs + cutInMs - performance.now()));
  return cut;
}
