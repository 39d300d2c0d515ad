import type { Outcome, Turn } from './compare.ts';
import { decimal, format, type Sample, summarize } from './statistics.ts';

/** One comparison under one load, summed up over its rounds. */
export interface Summary {
  readonly ours: Side;
  readonly peer: Side;
  /** Our rate by the peer's, of each round: above 1 we are faster. */
  readonly ratio: Sample;
}

export interface Side {
  readonly requestsPerSecond: Sample;
  readonly p99Ms: Sample;
  readonly cpuUs: Sample;
}

export function summaryOf({ rounds }: Outcome): Summary {
  return {
    ours: sideOf(rounds.map(({ ours }) => ours)),
    peer: sideOf(rounds.map(({ peer }) => peer)),
    ratio: summarize(rounds.map(({ ours, peer }) => ours.requestsPerSecond / peer.requestsPerSecond)),
  };
}

function sideOf(turns: readonly Turn[]): Side {
  return {
    requestsPerSecond: summarize(turns.map((turn) => turn.requestsPerSecond)),
    p99Ms: summarize(turns.map((turn) => turn.p99Ms)),
    cpuUs: summarize(turns.map((turn) => turn.cpuUs)),
  };
}

/** One line for the terminal. */
export function lineOf(outcome: Outcome): string {
  const { ours, peer, ratio } = summaryOf(outcome);
  const side = (name: string, { requestsPerSecond, cpuUs }: Side) =>
    `${name.padEnd(7)} ${format(requestsPerSecond).padEnd(25)} ${decimal(cpuUs.median, 1).padStart(5)} µs CPU`;
  return `${outcome.scenario.padEnd(6)}  ${side(outcome.ours, ours)}  ${side(outcome.peer, peer)}  ratio ${format(ratio, 2)}`;
}
