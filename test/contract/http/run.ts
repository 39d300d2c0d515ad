import { expect } from 'chai';
import { openBarrier } from './barrier.ts';
import type { HttpCase, Row } from './case.ts';
import { type Cut, splitOffsets } from './cuts.ts';
import { exchange } from './exchange.ts';
import { judge } from './judge.ts';

/** Connections at once. */
const CONCURRENCY = 64;
/** A message lists this many cases. */
const LISTED = 40;

export type Mode = 'whole' | 'byte by byte' | 'split at every offset';
export const MODES: readonly Mode[] = ['whole', 'byte by byte', 'split at every offset'];

/** Which cases an interface answers otherwise, and why that is all right. */
export interface HttpException {
  readonly row: Row;
  /** The names of the cases; a text means exactly that name. Of all in the row when left out. */
  readonly name?: string | RegExp;
  readonly because: string;
  /** What holds instead; the cases are left out without it. */
  readonly instead?: Partial<Pick<HttpCase, 'expect' | 'orElse' | 'after' | 'sees' | 'check'>>;
}

/** The cases as they hold for an interface. @throws when an exception is about no case */
export function casesFor(cases: readonly HttpCase[], exceptions: readonly HttpException[]): readonly HttpCase[] {
  for (const exception of exceptions) {
    if (cases.some((each) => appliesTo(exception, each))) continue;
    throw new Error(`no case for the exception ${exception.row} / ${exception.name ?? '(all)'}: ${exception.because}`);
  }
  return cases.flatMap((each) => {
    const exception = exceptions.find((candidate) => appliesTo(candidate, each));
    if (exception === undefined) return [each];
    return exception.instead === undefined ? [] : [{ ...each, ...exception.instead }];
  });
}

function appliesTo({ row, name }: HttpException, subject: HttpCase): boolean {
  if (row !== subject.row) return false;
  if (name === undefined) return true;
  return typeof name === 'string' ? name === subject.name : name.test(subject.name);
}

/**
 * Runs the cases in one mode, {@link CONCURRENCY} connections at once. A case's first failure is its last run: `failed` collects such
 * cases, and those that it holds already are passed over.
 *
 * @throws AssertionError with all cases that fail
 */
export async function runCases(
  cases: readonly HttpCase[],
  { port, mode, failed }: { port: number; mode: Mode; failed: Set<HttpCase> },
): Promise<void> {
  const faults = new Map<HttpCase, string>();
  const runs = cases
    .filter((each) => !failed.has(each))
    .flatMap((each) => cutsOf(each, mode).map((cut) => ({ each, cut })));
  const barrier = openBarrier(port);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let run = runs[next++]; run !== undefined; run = runs[next++]) {
      const { each, cut } = run;
      if (faults.has(each)) continue;
      const fault = judge(each, await exchange(each, { port, cut, barrier }));
      if (fault !== null) faults.set(each, `${cut.kind === 'split' ? `split at ${cut.at}: ` : ''}${fault}`);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane)).finally(() => barrier.close());
  for (const each of faults.keys()) failed.add(each);
  const lines = [...faults].map(([{ name }, fault]) => `${name}: ${fault}`);
  const more = lines.length > LISTED ? [`… and ${lines.length - LISTED} more`] : [];
  if (lines.length > 0)
    expect.fail([`${lines.length} of ${cases.length} cases fail:`, ...lines.slice(0, LISTED), ...more].join('\n'));
}

function cutsOf(subject: HttpCase, mode: Mode): readonly Cut[] {
  if (mode === 'split at every offset') return splitOffsets(subject).map((at) => ({ kind: 'split', at }));
  return [{ kind: mode }];
}
