import { contenders } from './contenders.ts';
import type { Options } from './options.ts';
import { scenarios } from './scenarios.ts';

/** Two servers and the loads under which they are compared, all by name. */
export interface Comparison {
  readonly ours: string;
  readonly peer: string;
  readonly scenarios: readonly string[];
}

const everyScenario = scenarios.map(({ id }) => id);

/** What is compared when nothing was chosen. */
export const allComparisons: readonly Comparison[] = [
  ...['bare', 'hono', 'srvx', 'bun'].map((peer) => ({ ours: 'fetch', peer, scenarios: everyScenario })),
  ...['cluster', 'pm2'].map((peer) => ({ ours: 'node', peer, scenarios: ['hello', 'echo'] })),
];

/** What to compare, as it was chosen; throws when the choice leaves nothing to do. Scenarios that were named are run with every peer that was not left out. */
export function chosenComparisons(options: Pick<Options, 'ours' | 'peers' | 'scenarios'>): Comparison[] {
  const { ours, peers } = options;
  const rows = ours === null ? allComparisons : comparisonsOf(ours, peers);
  const chosen = rows
    .filter(({ peer }) => peers === null || peers.includes(peer))
    .map((row) => ({ ...row, scenarios: (options.scenarios ?? row.scenarios).filter((id) => id !== 'start') }))
    .filter((row) => row.scenarios.length > 0);
  if (chosen.length > 0 || options.scenarios?.includes('start')) return chosen;
  throw new Error('This choice leaves nothing to compare. Name a server with --peers that is not the one of --ours.');
}

/** One server against those that were named, or else against all that answer with as many processes. */
function comparisonsOf(ours: string, peers: readonly string[] | null): Comparison[] {
  const processes = contenders.find(({ id }) => id === ours)?.processes;
  const alike = contenders.filter((one) => one.processes === processes).map(({ id }) => id);
  return (peers ?? alike).filter((id) => id !== ours).map((peer) => ({ ours, peer, scenarios: everyScenario }));
}

/** The one server that is profiled. */
export function profiledServer({ ours }: Pick<Options, 'ours'>): string {
  return ours ?? 'fetch';
}
