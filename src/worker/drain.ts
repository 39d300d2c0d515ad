import type { Service } from '../app/contract.ts';
import type { DrainMode } from '../ipc/messages.ts';
import type { Acceptor } from '../listener/inherit.ts';

/** How long a stopping worker goes on accepting what waits in the kernel's queue, at most. */
const EMPTY_QUEUE_WITHIN_MS = 1_000;
/** What is left before the master's SIGKILL for the last words, hooks and logs, on a busy machine too; at most a third of the time. */
const FAREWELL_MS = 1_000;

export interface DrainTarget {
  /** With the URL of the socket that each accepts from. */
  readonly acceptors: readonly (Acceptor & { readonly url: string })[];
  readonly service: Service;
}

export interface DrainRequest {
  readonly mode: DrainMode;
  /** The master kills after this. */
  readonly graceMs: number;
  /** URLs of sockets that only workers which leave accept from. */
  readonly removed: readonly string[];
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
  const { mode, graceMs, removed } = request;
  const cutInMs = Math.max((graceMs * 2) / 3, graceMs - FAREWELL_MS);
  const beganMs = performance.now();
  let cut = 0;
  const timer = setTimeout(() => {
    cut = service.cut();
  }, cutInMs);
  // Others accept on while this worker retires. When the whole server stops, or a reload has removed the socket, nobody else will answer
  // what the kernel has queued.
  const isLeft = (url: string) => mode === 'stop' || (mode === 'retire' && removed.includes(url));
  for (const acceptor of acceptors) if (!isLeft(acceptor.url)) acceptor.close();
  const withinMs = Math.min(EMPTY_QUEUE_WITHIN_MS, cutInMs);
  const left = acceptors.filter(({ url }) => isLeft(url));
  await Promise.all(left.map((acceptor) => acceptor.closeWhenQueueIsEmpty(withinMs)));
  // `Connection: close` makes clients connect anew: by then they should be refused, not find the queue of a sibling that is closing.
  if (mode === 'stop' && service.connections() > 0) await request.siblingsRefuse();
  await service.drain(mode === 'quick' ? 'quick' : 'graceful');
  clearTimeout(timer);
  await service.end?.(Math.max(0, beganMs + cutInMs - performance.now()));
  return cut;
}
