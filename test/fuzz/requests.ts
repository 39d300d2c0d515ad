import fc from 'fast-check';
import { mutate, mutation } from './mutations.ts';
import type { ReferenceLimits } from './reference-parser.ts';
import { chunk, coding, data, field, host, length, method, mostly, target, trailer, version } from './vocabulary.ts';

/** What a client sends, and how it falls into pieces on its way. */
export interface FuzzCase {
  /** In latin1. */
  readonly text: string;
  readonly limits: ReferenceLimits;
  readonly cuts: Cuts;
}

/** Where the bytes are cut: at every offset, or at some, each taken modulo the length. */
export type Cuts = { readonly kind: 'everywhere' } | { readonly kind: 'at'; readonly offsets: readonly number[] };

/** As the settings have them by default. */
export const WIDE: ReferenceLimits = {
  ...{ maxRequestLineBytes: 8190, maxFields: 100, maxFieldBytes: 8190, maxHeadBytes: 32_768, maxBodyBytes: null },
};
/** So narrow that common requests come to them. */
export const NARROW: ReferenceLimits = {
  ...{ maxRequestLineBytes: 34, maxFields: 4, maxFieldBytes: 28, maxHeadBytes: 84, maxBodyBytes: 12 },
};

const limits = fc.oneof({ weight: 3, arbitrary: fc.constant(WIDE) }, { weight: 2, arbitrary: fc.constant(NARROW) });

/** Field lines of the framing, and the body. */
type Framed = readonly [lines: readonly string[], body: string];

const sized: fc.Arbitrary<Framed> = fc
  .tuple(data, mostly(fc.constant(null), length, 6))
  .map(([text, told]) => [[`Content-Length: ${told ?? text.length}`], text]);
const chunked: fc.Arbitrary<Framed> = fc
  .tuple(
    fc.array(chunk, { maxLength: 3 }),
    fc.array(trailer, { maxLength: 2 }),
    mostly(fc.constant('chunked'), coding, 8),
    mostly(fc.constant('0'), fc.constantFrom('00', '0;a', '', '-0', '0 ', '0;')),
  )
  .map(([chunks, trailers, text, last]) => [
    [`Transfer-Encoding: ${text}`],
    chunks
      .filter((each) => each.data !== '')
      .map((each) => `${each.size ?? each.data.length.toString(16)}${each.ext}\r\n${each.data}${each.end}`)
      .join('') + [last, ...trailers, '', ''].join('\r\n'),
  ]);
const framed: fc.Arbitrary<Framed> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Framed>([[], '']) },
  { weight: 2, arbitrary: sized },
  { weight: 3, arbitrary: chunked },
);

const message = fc
  .record({
    lead: mostly(fc.constant(''), fc.constantFrom('\r\n', '\r\n\r\n', '\n', '\r', ' ', '\r\n'.repeat(20))),
    line: fc.tuple(method, target, version),
    host: mostly(
      host.map((text) => [`Host: ${text}`]),
      fc.constantFrom<string[]>([], ['Host: a', 'Host: a']),
      16,
    ),
    fields: fc.array(field, { maxLength: 3 }),
    framed,
    isHostLast: fc.boolean(),
  })
  .map(({ lead, line, host: hosts, fields, framed: [framing, body], isHostLast }) => {
    const all = isHostLast ? [...fields, ...framing, ...hosts] : [...hosts, ...framing, ...fields];
    return `${lead}${[line.join(' '), ...all, '', ''].join('\r\n')}${body}`;
  });

/** Bytes of one to four requests, of which about every second is untouched. */
export const connectionText: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(message, { minLength: 1, maxLength: 4, size: 'small' }),
    fc.oneof(
      { weight: 1, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 3 }) },
    ),
  )
  .map(([messages, mutations]) => mutations.reduce(mutate, messages.join('')));

const cuts: fc.Arbitrary<Cuts> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<Cuts>({ kind: 'everywhere' }) },
  {
    weight: 3,
    arbitrary: fc
      .array(fc.nat({ max: 1023 }), { minLength: 1, maxLength: 5 })
      .map<Cuts>((offsets) => ({ kind: 'at', offsets })),
  },
);

export const fuzzCase: fc.Arbitrary<FuzzCase> = fc.record({ text: connectionText, limits, cuts });

/** The pieces that a text falls into. */
export function piecesOf(text: string, where: Cuts): string[] {
  if (where.kind === 'everywhere') return text.split('');
  const offsets = where.offsets.map((offset) => offset % (text.length + 1)).sort((a, b) => a - b);
  return [0, ...offsets].map((from, index) => text.slice(from, offsets[index])).filter((piece) => piece !== '');
}
