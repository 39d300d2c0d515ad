import type { LogLine } from './log.ts';

/** How the workers stood after a line of the log. */
export interface PoolMoment {
  readonly line: LogLine;
  readonly booting: number;
  readonly ready: number;
  /** Draining, or killed and not yet gone. */
  readonly leaving: number;
}

type Phase = 'booting' | 'ready' | 'leaving';

/** The life of the pool as its log tells it, line by line. */
export function poolHistory(lines: readonly LogLine[]): PoolMoment[] {
  const phases = new Map<number, Phase>();
  return lines.map((line) => {
    if (line.workerId !== undefined) follow(phases, line.workerId, line);
    const count = (wanted: Phase) => [...phases.values()].filter((phase) => phase === wanted).length;
    return { line, booting: count('booting'), ready: count('ready'), leaving: count('leaving') };
  });
}

/** The part of a history in which the server served: from its first `server.ready` to `server.stopping`. */
export function whileServing(lines: readonly LogLine[]): PoolMoment[] {
  const history = poolHistory(lines);
  const from = history.findIndex(({ line }) => line.event === 'server.ready');
  const to = history.findIndex(({ line }) => line.event === 'server.stopping');
  return history.slice(from, to === -1 ? undefined : to);
}

/** The fewest ready workers while the server served. */
export function fewestReady(lines: readonly LogLine[]): number {
  return Math.min(...whileServing(lines).map(({ ready }) => ready));
}

/** The most workers that booted or served at the same time. */
export function mostServing(lines: readonly LogLine[]): number {
  return Math.max(...poolHistory(lines).map(({ booting, ready }) => booting + ready));
}

function follow(phases: Map<number, Phase>, workerId: number, line: LogLine): void {
  switch (line.event) {
    case 'worker.spawned':
      phases.set(workerId, 'booting');
      break;
    case 'worker.ready':
      phases.set(workerId, 'ready');
      break;
    case 'worker.draining':
    case 'worker.timeout':
    case 'worker.bootTimeout':
    case 'worker.unreachable':
    case 'worker.bootFailed':
      phases.set(workerId, 'leaving');
      break;
    case 'worker.exited':
    case 'worker.crashed':
    case 'worker.spawnFailed':
      phases.delete(workerId);
      break;
  }
}
