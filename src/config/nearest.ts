/** A name without case, dashes and underscores: `max_requests`, `--max-requests` and `maxRequests` are the same word. */
export function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.\s]/g, '');
}

/**
 * The candidate that `name` most likely means, or `undefined` when none is near. Another spelling of the same word comes first, then the
 * least edit distance, up to a third of the name.
 */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const plain = plainName(name);
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(plain, plainName(candidate));
    if (distance <= reachOf(plain) && (best === undefined || distance < best.distance)) best = { candidate, distance };
  }
  return best?.candidate;
}

function reachOf(plain: string): number {
  return plain.length < 3 ? 0 : Math.max(1, Math.floor(plain.length / 3));
}

/**
 * How many insertions, deletions, replacements and swaps of neighbours lead from one text to the other (optimal string alignment: a swap
 * is the commonest slip of fingers, so it counts as one).
 */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      let least = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) least = Math.min(least, at(beforeLast, column - 2) + 1);
      current.push(least);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
