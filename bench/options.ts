import { parseArgs } from 'node:util';
import { contenderNamed, contenders } from './contenders.ts';
import { scenarioNamed, scenarios } from './scenarios.ts';

/** What one call of the harness is asked to do. */
export interface Options {
  readonly mode: 'help' | 'measure' | 'profile';
  /** Scenarios by name; null: those that each comparison has. */
  readonly scenarios: readonly string[] | null;
  readonly peers: readonly string[] | null;
  /** The server that the peers are compared with; null: ours, the one that fits each peer. */
  readonly ours: string | null;
  readonly rounds: number;
  readonly seconds: number;
  /** Whether start time and memory are measured too. */
  readonly measuresStart: boolean;
  /** Whether what a run measured that did not come to its end is taken over. */
  readonly resumes: boolean;
  /** Whether the page is written: everything was measured, or somebody wants it all the same. */
  readonly writes: boolean;
}

const ROUNDS = 9;
const QUICK_ROUNDS = 5;

export const helpText = `Usage: npm run bench -- [options] [SCENARIO...]

Compares servers two at a time. Without a choice it runs everything, for about half an hour, and writes
docs/benchmarks.md; with a choice it only prints.

Scenarios: ${scenarios.map((one) => one.id).join(', ')}, start (start time and memory)
Servers:   ${contenders.map((one) => one.id).join(', ')}

  --peers A,B     Compare with these servers only.
  --ours A        Compare this server with the peers, in place of ours.
  --quick         ${QUICK_ROUNDS} rounds of 1 s.
  --rounds N      How many rounds a comparison has. [default: ${ROUNDS}]
  --seconds N     How long each server is asked in a round. [default: 1]
  --profile       Do not compare: print where a worker of ours (or --ours) spends its time in these scenarios.
  --resume        Go on where a run of the last hours stopped, with the same commit, rounds and seconds.
  --write         Write the page even when not everything was measured.
  --help          Print this text.
`;

/** Reads the command line. Throws with a sentence when it makes no sense. */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      peers: { type: 'string' },
      ours: { type: 'string' },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string', default: '1' },
      profile: { type: 'boolean', default: false },
      resume: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const peers = values.peers?.split(',') ?? null;
  for (const name of [...(peers ?? []), ...(values.ours === undefined ? [] : [values.ours])]) contenderNamed(name);
  for (const name of positionals) if (name !== 'start' || values.profile) scenarioNamed(name);
  const everything = positionals.length === 0 && peers === null && values.ours === undefined && !values.quick;
  return {
    mode: values.help ? 'help' : values.profile ? 'profile' : 'measure',
    scenarios: positionals.length === 0 ? null : positionals,
    peers,
    ours: values.ours ?? null,
    rounds: wholeNumber('--rounds', values.rounds ?? String(values.quick ? QUICK_ROUNDS : ROUNDS)),
    seconds: wholeNumber('--seconds', values.seconds),
    measuresStart: everything || positionals.includes('start'),
    resumes: values.resume,
    writes: everything || values.write,
  };
}

function wholeNumber(flag: string, text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Error(`${flag} takes a whole number above 0, not "${text}".`);
}
