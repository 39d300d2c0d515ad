import { readFileSync, writeFileSync } from 'node:fs';
import type { Outcome } from './compare.ts';
import type { Comparison } from './comparisons.ts';
import { projectFile } from './contender.ts';
import { commit } from './machine.ts';

const FILE = 'bench/unfinished.json';
/** Another day the machine is another one. */
const KEPT_FOR_MS = 4 * 3_600_000;

/** What a run has measured so far, in a file: the last of sixty comparisons must not lose the others. */
interface Kept {
  /** What the figures depend on; those of another key are not taken over. */
  readonly key: string;
  readonly sinceMs: number;
  readonly outcomes: readonly Outcome[];
}

/** Keeps the outcomes of this run, and finds those of the one before where it is to be resumed. */
export function openUnfinished(run: { rounds: number; seconds: number; resume: boolean }): {
  /** All outcomes of a comparison, or null. */
  find(row: Comparison): Outcome[] | null;
  keep(outcomes: readonly Outcome[]): void;
} {
  const key = `${run.rounds} rounds of ${run.seconds} s${commit()}`;
  const before = run.resume ? read() : null;
  const isUsable = before?.key === key && Date.now() - before.sinceMs < KEPT_FOR_MS;
  const found = isUsable ? before.outcomes : [];
  const sinceMs = isUsable ? before.sinceMs : Date.now();
  let outcomes: readonly Outcome[] = [];
  return {
    find({ ours, peer, scenarios }) {
      const own = found.filter((one) => one.ours === ours && one.peer === peer && scenarios.includes(one.scenario));
      return own.length === scenarios.length ? own : null;
    },
    keep(more) {
      outcomes = [...outcomes, ...more];
      writeFileSync(projectFile(FILE), JSON.stringify({ key, sinceMs, outcomes } satisfies Kept));
    },
  };
}

function read(): Kept | null {
  try {
    return JSON.parse(readFileSync(projectFile(FILE), 'utf8')) as Kept;
  } catch {
    return null;
  }
}
