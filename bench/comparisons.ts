import type { Application } from './contender.ts';
import { contenderNamed, contenders } from './contenders.ts';
import type { Options } from './options.ts';
import { scenarioNamed, scenarios } from './scenarios.ts';
import { wsgiComparisons } from './wsgi-contenders.ts';

/** Two servers and the loads under which they are compared, all by name. */
export interface Comparison {
  readonly ours: string;
  readonly peer: string;
  readonly scenarios: readonly string[];
}

const scenariosFor = (application: Application): string[] =>
  scenarios.filter((scenario) => scenario.application === application).map(({ id }) => id);

/** What is compared when nothing was chosen. */
export const allComparisons: readonly Comparison[] = [
  ...['bare', 'hono', 'srvx', 'bun'].map((peer) => ({ ours: 'fetch', peer, scenarios: scenariosFor('javascript') })),
  ...['cluster', 'pm2'].map((peer) => ({ ours: 'node', peer, scenarios: ['hello', 'echo'] })),
  ...wsgiComparisons,
];

/** What to compare, as it was chosen; throws when the choice leaves nothing to do. Scenarios that were named are run with every peer that was not left out and runs such an application. */
export function chosenComparisons(options: Pick<Options, 'ours' | 'peers' | 'scenarios'>): Comparison[] {
  const { ours, peers } = options;
  const rows = ours === null ? allComparisons : comparisonsOf(ours, peers);
  const chosen = rows
    .filter(({ peer }) => peers === null || peers.includes(peer))
    .map((row) => ({ ...row, scenarios: scenariosOf(row, options.scenarios) }))
    .filter((row) => row.scenarios.length > 0);
  if (chosen.length > 0 || options.scenarios?.includes('start')) return chosen;
  throw new Error('This choice leaves nothing to compare. Name a server with --peers that is not the one of --ours.');
}

function scenariosOf(row: Comparison, named: readonly string[] | null): readonly string[] {
  const { application } = contenderNamed(row.ours);
  const fits = (id: string) => id !== 'start' && scenarioNamed(id).application === application;
  return (named ?? row.scenarios).filter(fits);
}

/** One server against those that were named, or else against all that answer with as many processes. */
function comparisonsOf(ours: string, peers: readonly string[] | null): Comparison[] {
  const { processes, application } = contenderNamed(ours);
  const alike = contenders.filter((one) => one.application === application && one.processes === processes);
  return (peers ?? alike.map(({ id }) => id))
    .filter((id) => id !== ours && contenderNamed(id).application === application)
    .map((peer) => ({ ours, peer, scenarios: scenariosFor(application) }));
}

/** The one server that is profiled. */
export function profiledServer({ ours }: Pick<Options, 'ours'>): string {
  return ours ?? 'fetch';
}
