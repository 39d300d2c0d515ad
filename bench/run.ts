import { writeFileSync } from 'node:fs';
import { type BarGroup, chartOf } from './chart.ts';
import { compare, type Outcome } from './compare.ts';
import { type Comparison, chosenComparisons, profiledServer } from './comparisons.ts';
import { type Contender, openStage, projectFile, type Stage } from './contender.ts';
import { contenderNamed, contenders } from './contenders.ts';
import { wrkVersion } from './load.ts';
import { factsOfThisRun } from './machine.ts';
import { helpText, type Options, parseOptions } from './options.ts';
import { CHART_TITLE, pageOf, versus } from './page.ts';
import { installPeers, installPythonPeers } from './peers.ts';
import { profile } from './profile.ts';
import { lineOf, summaryOf } from './report.ts';
import { scenarioNamed, scenarios } from './scenarios.ts';
import { measureStarts, type StartCost } from './start-cost.ts';
import { decimal, format } from './statistics.ts';
import { openUnfinished } from './unfinished.ts';

const STARTS = 5;
/** A profile of less says little. */
const PROFILE_SECONDS = 5;
const PAGE = 'docs/benchmarks.md';
const CHART = 'benchmarks.svg';

const stage = openStage();
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
// Whoever read the output went away (`| head`): the servers must not stay behind.
process.stdout.on('error', () => interrupted.abort());
interrupted.signal.addEventListener('abort', () => stage.close().then(() => process.exit(130)));

try {
  await main(process.argv.slice(2));
} catch (error) {
  // What broke because the servers were stopped is no news.
  if (!interrupted.signal.aborted) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
} finally {
  await stage.close();
}

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  if (options.mode === 'help') {
    process.stdout.write(helpText);
    return;
  }
  wrkVersion();
  installWhatIsNeeded(options);
  if (options.mode === 'profile') {
    const contender = contenderNamed(profiledServer(options));
    const seconds = Math.max(options.seconds, PROFILE_SECONDS);
    for (const name of options.scenarios ?? ['hello']) {
      await profile(stage, { contender, scenario: scenarioNamed(name), seconds });
    }
    return;
  }
  // Looked up first: what is missing shall show now and not in ten minutes.
  const facts = options.writes ? factsOfThisRun() : [];
  const outcomes = await measureAll(stage, options);
  const startCosts = options.measuresStart ? await measureStartCosts(stage, options) : [];
  if (!options.writes) return;
  writeFileSync(
    projectFile(PAGE),
    pageOf({ facts, outcomes, startCosts, starts: STARTS, seconds: options.seconds }, CHART),
  );
  writeFileSync(projectFile(`docs/${CHART}`), chartOf(CHART_TITLE, barsOf(outcomes)));
  console.log(`Written: ${PAGE} and docs/${CHART}.`);
}

/** The servers of a language are installed only where one of them is wanted. */
function installWhatIsNeeded(options: Options): void {
  const starting = options.measuresStart ? chosenForStart(options) : [];
  const comparing =
    options.mode === 'profile' ? [profiledServer(options)] : chosenComparisons(options).map(({ ours }) => ours);
  const applications = [...comparing.map(contenderNamed), ...starting].map(({ application }) => application);
  if (applications.includes('javascript')) installPeers();
  if (applications.some((application) => application !== 'javascript')) installPythonPeers();
}

async function measureAll(stage: Stage, options: Options): Promise<Outcome[]> {
  const { rounds, seconds } = options;
  const comparisons = chosenComparisons(options);
  const total = comparisons.flatMap((row) => row.scenarios).length;
  announce(comparisons, total * 2 * (rounds * seconds + 1));
  const unfinished = openUnfinished({ rounds, seconds, resume: options.resumes });
  const outcomes: Outcome[] = [];
  for (const row of comparisons) {
    const measured = unfinished.find(row) ?? (await compare(stage, { ...row, rounds, seconds }));
    unfinished.keep(measured);
    for (const outcome of measured) {
      outcomes.push(outcome);
      console.log(`${`${outcomes.length}/${total}`.padStart(5)}  ${lineOf(outcome)}`);
    }
  }
  return outcomes;
}

function announce(comparisons: readonly Comparison[], seconds: number): void {
  if (comparisons.length === 0) return;
  const time = seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
  console.log(`Comparing ${comparisons.map((row) => `${row.ours} with ${row.peer}`).join(', ')}: about ${time}.`);
}

async function measureStartCosts(stage: Stage, options: Options): Promise<StartCost[]> {
  const chosen = chosenForStart(options);
  console.log(`Starting ${chosen.map(({ id }) => id).join(', ')} ${STARTS} times each.`);
  const costs = await measureStarts(stage, { contenders: chosen, starts: STARTS });
  for (const { id, readyMs, servingMiB, masterMiB } of costs) {
    const master = Number.isNaN(masterMiB.median) ? '' : `, master ${decimal(masterMiB.median, 1)} MiB`;
    console.log(`${id.padEnd(7)} ready in ${format(readyMs)} ms, ${format(servingMiB, 1)} MiB a process${master}`);
  }
  return costs;
}

/** All, or those that were named. Of the WSGI servers each is started in one size. */
function chosenForStart({ ours, peers }: Options): readonly Contender[] {
  if (peers === null) return contenders.filter(({ application }) => application !== 'wsgi-waiting');
  return contenders.filter(({ id }) => peers.includes(id) || id === ours);
}

function barsOf(outcomes: readonly Outcome[]): BarGroup[] {
  // Beside slow clients a server may answer nothing at all: such a bar would leave nothing of the others.
  return scenarios
    .filter(({ slowClients }) => slowClients === 0)
    .map(({ id, title }) => ({
      title,
      bars: outcomes
        .filter(({ scenario }) => scenario === id)
        .map((outcome) => ({ label: versus(outcome), ratio: summaryOf(outcome).ratio })),
    }))
    .filter(({ bars }) => bars.length > 0);
}
