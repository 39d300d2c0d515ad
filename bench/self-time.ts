/** How much time a function took itself, without what it called. */
export interface Spent {
  readonly name: string;
  /** `file:line`, empty for what V8 counts without a place. */
  readonly place: string;
  readonly us: number;
}

/** A node of the tree in V8's .cpuprofile (Chrome DevTools Protocol, Profiler.Profile). */
interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

/** What a .cpuprofile says about the time at work: V8's "(idle)" is left out. Throws when it is no such profile. */
export function parseProfile(raw: unknown): Spent[] {
  if (!isProfile(raw)) throw new Error('This is not a CPU profile of V8.');
  const usOf = new Map<number, number>();
  raw.samples.forEach((id, index) => {
    usOf.set(id, (usOf.get(id) ?? 0) + (raw.timeDeltas[index] ?? 0));
  });
  return raw.nodes
    .filter(({ callFrame }) => callFrame.functionName !== '(idle)')
    .map(({ id, callFrame: { functionName, url, lineNumber } }) => ({
      name: functionName,
      place: url === '' ? '' : `${url.replace('file://', '')}:${lineNumber + 1}`,
      us: usOf.get(id) ?? 0,
    }));
}

/** Adds up what has the same label, the most expensive first, in percent of all. */
export function hottest(
  functions: readonly Spent[],
  labelOf: (spent: Spent) => string,
): { label: string; percent: number }[] {
  const totalUs = functions.reduce((sum, { us }) => sum + us, 0);
  const usOf = new Map<string, number>();
  for (const spent of functions) usOf.set(labelOf(spent), (usOf.get(labelOf(spent)) ?? 0) + spent.us);
  return [...usOf]
    .map(([label, us]) => ({ label, percent: (us / totalUs) * 100 }))
    .sort((a, b) => b.percent - a.percent);
}

function isProfile(raw: unknown): raw is { nodes: ProfileNode[]; samples: number[]; timeDeltas: number[] } {
  const isObject = typeof raw === 'object' && raw !== null;
  return isObject && ['nodes', 'samples', 'timeDeltas'].every((key) => Array.isArray(Reflect.get(raw, key)));
}
