import fc from 'fast-check';

/** One thing done to the bytes. `at` is a place modulo the number of places. */
export interface Mutation {
  readonly kind: 'insert' | 'delete' | 'flip' | 'repeat' | 'lineEnd' | 'atSeparator' | 'cutOff';
  readonly at: number;
  readonly odd: string;
}

/** Something done to the bytes, often where it matters: at line ends and separators. */
export const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom(
    'insert',
    'delete',
    'flip',
    'repeat',
    'lineEnd',
    'lineEnd',
    'atSeparator',
    'atSeparator',
    'cutOff',
  ),
  at: fc.nat({ max: 4095 }),
  odd: fc.constantFrom(
    '\n',
    '\r',
    '\r\n',
    ' ',
    '\t',
    '\0',
    ':',
    ',',
    ';',
    '\x0b',
    '\x7f',
    '\x80',
    '\xff',
    '"',
    '0',
    '5',
    '\r\r\n',
    '\n\n',
    '\r\n ',
    'x'.repeat(40),
    '\r\n\r\n',
    '',
  ),
});

const SEPARATORS = ' :\r\n;=,/"';

/** The text after it. */
export function mutate(text: string, { kind, at, odd }: Mutation): string {
  const place = at % (text.length + 1);
  const splice = (from: number, to: number, by: string) => text.slice(0, from) + by + text.slice(to);
  switch (kind) {
    case 'insert':
      return splice(place, place, odd);
    case 'delete':
      return splice(place, place + 1, '');
    case 'flip':
      return splice(place, place + 1, String.fromCharCode(text.charCodeAt(place) ^ (1 << (at % 8))));
    case 'repeat':
      return splice(place, place, text.slice(place, place + 1 + (at % 9)));
    case 'lineEnd': {
      const ends = placesOf(text, (character) => character === '\r');
      const end = ends[at % ends.length];
      return end === undefined ? text : splice(end, end + 2, odd);
    }
    case 'atSeparator': {
      const separators = placesOf(text, (character) => SEPARATORS.includes(character));
      const separator = separators[at % separators.length] ?? 0;
      return splice(separator, separator + (at & 1), odd);
    }
    case 'cutOff':
      return text.slice(0, place);
  }
}

function placesOf(text: string, isOne: (character: string) => boolean): number[] {
  const places: number[] = [];
  for (let at = 0; at < text.length; at += 1) if (isOne(text.charAt(at))) places.push(at);
  return places;
}
