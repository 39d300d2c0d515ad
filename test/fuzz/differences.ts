import type { NodeReading, NodeRequest } from './drive-node.ts';
import type { End, Reading, SeenRequest } from './reference-parser.ts';

/** What comes behind the last message that was taken, where it does not end in peace. */
type Open = Exclude<End, { kind: 'closed' }>;

/**
 * Where `node:http` reads bytes in another way than we do. `bytes` are those from the beginning of that message, `previous` is the one before
 * it on the same connection.
 */
export type Difference = { readonly bytes: string; readonly previous: SeenRequest | null } & (
  | { readonly kind: 'content'; readonly ours: SeenRequest; readonly node: NodeRequest }
  | { readonly kind: 'onlyOurs'; readonly ours: SeenRequest; readonly refusal: string | null }
  | { readonly kind: 'onlyNode'; readonly end: Open; readonly node: NodeRequest }
  /** Neither has the message, and only one says that it can become none. */
  | { readonly kind: 'end'; readonly end: Open; readonly refusal: string | null }
);

/** Message by message, as long as both take the messages from the same bytes. */
export function differencesOf(text: string, { ours, node }: { ours: Reading; node: NodeReading }): Difference[] {
  const differences: Difference[] = [];
  for (let index = 0; ; index += 1) {
    const where = { bytes: text.slice(ours.begins[index]), previous: ours.requests[index - 1] ?? null };
    const our = ours.requests[index];
    const their = node.requests[index];
    if (our === undefined) {
      const { end } = ours;
      // Behind the request that closes the connection nothing is read, whoever takes it.
      if (end.kind === 'closed') return differences;
      if (their !== undefined) differences.push({ kind: 'onlyNode', ...where, end, node: their });
      else if ((end.kind === 'refused') !== (node.refusal !== null)) {
        differences.push({ kind: 'end', ...where, end, refusal: node.refusal });
      }
      return differences;
    }
    if (their === undefined) return [...differences, { kind: 'onlyOurs', ...where, ours: our, refusal: node.refusal }];
    if (!isSame(our, their)) differences.push({ kind: 'content', ...where, ours: our, node: their });
  }
}

function isSame(our: SeenRequest, their: NodeRequest): boolean {
  return (
    our.method === their.method &&
    our.target === their.target &&
    `1.${our.minorVersion}` === their.version &&
    our.body === their.body &&
    our.fields.length === their.fields.length &&
    our.fields.every((part, index) => part === their.fields[index])
  );
}
