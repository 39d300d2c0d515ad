import { compare, type Outcome } from './compare.ts';
import { chosenComparisons } from './comparisons.ts';
import { openStage, type Stage } from './contender.ts';
import { wrkVersion } from './load.ts';
import { helpText, type Options, parseOptions } from './options.ts';
import { installPeers } from './peers.ts';
import { rowOf } from './report.ts';

const stage = openStage();
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
interrupted.signal.addEventListener('abort', () => stage.close().then(() => process.exit(130)));

try {
  await main(parseOptions(process.argv.slice(2)));
} catch (error) {
  // What broke because the servers were stopped is no news.
  if (!interrupted.signal.aborted) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
} finally {
  await stage.close();
}

async function main(options: Options): Promise<void> {
  if (options.mode === 'help') {
    process.stdout.write(helpText);
    return;
  }
  wrkVersion();
  installPeers();
  await measureAll(stage, options);
}

async function measureAll(stage: Stage, options: Options): Promise<Outcome[]> {
  const comparisons = chosenComparisons(options);
  const outcomes: Outcome[] = [];
  for (const row of comparisons) {
    for await (const outcome of compare(stage, { ...row, rounds: options.rounds, seconds: options.seconds })) {
      outcomes.push(outcome);
      console.log(rowOf(outcome));
    }
  }
  return outcomes;
}
