import type { Outcome } from './compare.ts';
import { format, summarize } from './statistics.ts';

/** One line for the terminal. */
export function rowOf({ ours, peer, scenario, rounds }: Outcome): string {
  const rate = (side: 'ours' | 'peer') => format(summarize(rounds.map((round) => round[side].requestsPerSecond)));
  const ratio = summarize(rounds.map((round) => round.ours.requestsPerSecond / round.peer.requestsPerSecond));
  return `${scenario.padEnd(6)} ${ours} ${rate('ours')} req/s, ${peer} ${rate('peer')} req/s, ratio ${format(ratio, 2)}`;
}
