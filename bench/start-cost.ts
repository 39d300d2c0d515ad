import type { Contender, Stage } from './contender.ts';
import { residentMiB } from './family.ts';
import { type Sample, summarize } from './statistics.ts';

/** What it costs that a server is there, before the first request. */
export interface StartCost {
  /** The contender's name. */
  readonly id: string;
  readonly processes: number;
  /** From the start of the command until it can be asked. */
  readonly readyMs: Sample;
  /** Resident memory of each process that answers requests. */
  readonly servingMiB: Sample;
  /** Resident memory of the process that only looks after them; NaN where there is none. */
  readonly masterMiB: Sample;
}

interface Seen {
  readonly contender: Contender;
  readonly readyMs: number[];
  readonly serving: number[];
  readonly master: number[];
}

/** Starts each server in turn, `starts` times. */
export async function measureStarts(
  stage: Stage,
  { contenders, starts }: { contenders: readonly Contender[]; starts: number },
): Promise<StartCost[]> {
  const seen = contenders.map((contender): Seen => ({ contender, readyMs: [], serving: [], master: [] }));
  for (let round = 0; round < starts; round += 1) {
    for (const { contender, readyMs, serving, master } of seen) {
      const server = await stage.start(contender);
      const pids = server.pids();
      readyMs.push(server.startedInMs);
      serving.push(...pids.slice(-contender.processes).map(residentMiB));
      master.push(...pids.slice(0, -contender.processes).map(residentMiB));
      await server.stop();
    }
  }
  return seen.map(({ contender, readyMs, serving, master }) => ({
    id: contender.id,
    processes: contender.processes,
    readyMs: summarize(readyMs),
    servingMiB: summarize(serving),
    masterMiB: summarize(master),
  }));
}
