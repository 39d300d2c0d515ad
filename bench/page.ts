import type { Outcome } from './compare.ts';
import { contenderNamed } from './contenders.ts';
import type { Facts } from './machine.ts';
import { type Side, summaryOf } from './report.ts';
import { BUSY_CONNECTIONS, type Scenario, scenarios } from './scenarios.ts';
import type { StartCost } from './start-cost.ts';
import { decimal, format } from './statistics.ts';

/** What the chart says above its bars. */
export const CHART_TITLE = "Requests per second, as a multiple of the peer's";

/** All that the page tells. */
export interface Results {
  readonly facts: Facts;
  readonly outcomes: readonly Outcome[];
  readonly startCosts: readonly StartCost[];
  readonly starts: number;
  readonly seconds: number;
}

/** The page, in Markdown. `chart` is the chart's path as seen from the page. */
export function pageOf(results: Results, chart: string): string {
  const measured = scenarios.filter(({ id }) => results.outcomes.some(({ scenario }) => scenario === id));
  return `${[
    '# Benchmarks',
    '`npm run bench` measured all figures below and wrote this page and its chart; nothing here was typed by hand. Figures from another machine will differ; the ratios are what to look at.',
    `![${CHART_TITLE}](${chart})`,
    '## What was measured, and on what',
    table(['what', 'value'], results.facts),
    methodOf(results),
    ...measured.map((scenario) => sectionOf(scenario, results.outcomes)),
    ...startSection(results),
  ].join('\n\n')}\n`;
}

function methodOf({ seconds }: Results): string {
  return `## How

- Two servers run side by side all the time. wrk asks one of them for ${seconds} s and then the other, and the order alternates from round to
  round: whatever else the machine does meets both alike. Both are started anew twice within a comparison, as what a compiler makes of a
  program differs from one life of it to the next, and each time they are warmed up.
- wrk runs on the same machine, with one thread and ${BUSY_CONNECTIONS} keep-alive connections where nothing else is said. Everything goes over 127.0.0.1. A server that is faster than
  that one thread gets no better figure; processor time a request tells more then.
- A figure is the median of the rounds, with the lowest and the highest in brackets. A ratio is taken within each round first. Above 1,
  tsunicorn answers more requests in a second than the peer.
- All fetch servers run one application, and all servers with a \`(request, response)\` listener run another that sends the same bytes; the
  harness compares them before it measures. All Node.js servers run on one Node.js. srvx gets its own faster Response.
- All WSGI servers run one application on one Python, with equal numbers of processes that answer, and where a view waits of threads too.
  Gunicorn's sync workers and uWSGI's socket for HTTP close each connection after one answer; wrk then opens another.
- One failed connection, or one answer that is no success, ends the run without a page; beside slow clients, a failed connection does not, and a
  server that answers nothing in a round counts as if it had answered once.
- Processor time is that of all processes of a server, the master too.`;
}

function sectionOf(scenario: Scenario, outcomes: readonly Outcome[]): string {
  const rows = outcomes
    .filter((outcome) => outcome.scenario === scenario.id)
    .map((outcome) => {
      const { ours, peer, ratio } = summaryOf(outcome);
      const both = (figure: (side: Side) => string) => `${figure(ours)} / ${figure(peer)}`;
      return [
        versus(outcome),
        format(ours.requestsPerSecond),
        format(peer.requestsPerSecond),
        `**${decimal(ratio.median, 2)}** (${decimal(ratio.min, 2)}–${decimal(ratio.max, 2)})`,
        both(({ p99Ms }) => decimal(p99Ms.median, 2)),
        both(({ cpuUs }) => (Number.isNaN(cpuUs.median) ? '?' : decimal(cpuUs.median, 1))),
        String(outcome.rounds.length),
      ];
    });
  const heads = [
    'interface / peer',
    'tsunicorn, requests/s',
    'peer, requests/s',
    'ratio',
    '99 % within, ms',
    'processor time a request, µs',
    'rounds',
  ];
  return `## ${scenario.title}\n\n${scenario.what}\n\n${table(heads, rows)}`;
}

/** `fetch / srvx`: the interface and the peer, with the number of processes where it is more than one. */
export function versus({ ours, peer }: Pick<Outcome, 'ours' | 'peer'>): string {
  const [our, their] = [contenderNamed(ours), contenderNamed(peer)];
  const counts = [our.processes, their.processes];
  if (counts.every((count) => count === 1)) return `${our.short} / ${their.short}`;
  const same = our.processes === their.processes;
  return `${our.short} / ${their.short}, ${same ? `${our.processes} processes each` : `${counts.join(' and ')} processes`}`;
}

function startSection({ startCosts, starts }: Results): string[] {
  if (startCosts.length === 0) return [];
  const rows = startCosts.map(({ id, processes, readyMs, servingMiB, masterMiB }) => [
    contenderNamed(id).title,
    String(processes),
    format(readyMs),
    format(servingMiB, 1),
    Number.isNaN(masterMiB.median) ? 'none' : format(masterMiB, 1),
  ]);
  const heads = ['server', 'processes that answer', 'until ready, ms', 'each of them, MiB', 'master, MiB'];
  const what = `Each server was started ${starts} times, in turn. Memory is what the system holds for a process (resident) before the first request; pages that processes share count in each.`;
  return [`## Start and memory\n\n${what}\n\n${table(heads, rows)}`];
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}
