import { get, head, post, type RowCase, refused, rowOf, taken } from '../case.ts';

/** The defaults of `limitRequestLine`, `limitRequestFieldSize`, `limitRequestFields` and `limitRequestHead`. */
const LINE_BYTES = 8_190;
const FIELD_BYTES = 8_190;
const FIELDS = 100;
const HEAD_BYTES = 32_768;
const HOST_BYTES = 'Host: a\r\n'.length;

/** A target that makes the request line this long. */
const targetFor = (lineBytes: number) => `/${'a'.repeat(lineBytes - 'GET / HTTP/1.1'.length)}`;
const field = (bytes: number, name = 'X') => `${name}:${'a'.repeat(bytes - name.length - 1)}`;
const fields = (count: number) => Array.from({ length: count }, (_, index) => `X${index}: a`);

/** Field lines that are, with Host and all their CRLFs, this long. */
function fieldsOfBytes(bytes: number): readonly string[] {
  const lines: string[] = [];
  for (let left = bytes - HOST_BYTES; left > 0; ) {
    // No rest may be too short for a field line.
    const take = left <= 4_096 ? left : Math.min(4_096, left - 10);
    lines.push(field(take - 2));
    left -= take;
  }
  return lines;
}

const around: readonly RowCase[] = [
  taken(`a request line of ${LINE_BYTES}`, head(`GET ${targetFor(LINE_BYTES)} HTTP/1.1`), {
    target: targetFor(LINE_BYTES),
  }),
  refused(`a request line of ${LINE_BYTES + 1}`, head(`GET ${targetFor(LINE_BYTES + 1)} HTTP/1.1`), 414),
  taken(`a field line of ${FIELD_BYTES}`, get(field(FIELD_BYTES)), { fields: { x: 'a'.repeat(FIELD_BYTES - 2) } }),
  refused(`a field line of ${FIELD_BYTES + 1}`, get(field(FIELD_BYTES + 1)), 431),
  taken(`${FIELDS} fields`, get(...fields(FIELDS - 1)), { fields: { [`x${FIELDS - 2}`]: 'a' } }),
  refused(`${FIELDS + 1} fields`, get(...fields(FIELDS)), 431),
  taken(`field lines of ${HEAD_BYTES} together`, get(...fieldsOfBytes(HEAD_BYTES))),
  refused(`field lines of ${HEAD_BYTES + 1} together`, get(...fieldsOfBytes(HEAD_BYTES + 1)), 431),
];

export const limits = rowOf('limits', [
  ...around,
  refused('a request line of 40,000', head(`GET ${targetFor(40_000)} HTTP/1.1`), 414),
  refused('a request line without an end', `GET /${'a'.repeat(20_000)}`, 414),
  { ...refused('a method without an end', 'A'.repeat(20_000)), orElse: [[414]] },
  refused('a field name of 9000', get(field(9_100, 'x'.repeat(9_000))), 431),
  refused('a field line without an end', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}`, 431),
  refused('a field name without an end', `GET / HTTP/1.1\r\nHost: a\r\n${'a'.repeat(20_000)}`, 431),
  refused('a thousand fields', get(...fields(1_000)), 431),
  refused('a long Host', `GET / HTTP/1.1\r\nHost: ${'a'.repeat(9_000)}\r\n\r\n`, 431),
  { ...refused('empty lines without an end', '\r\n'.repeat(20_000)), orElse: [[431], [414]] },
  taken('a long line does not weigh on the next request', post(['Content-Length: 0', field(8_000)], '')),
  {
    name: 'limits start anew with each request',
    send: get(...fields(FIELDS - 1)) + get(...fields(FIELDS - 1)) + get(...fieldsOfBytes(HEAD_BYTES)),
    expect: [200, 200, 200],
    after: 'open',
  },
  {
    name: 'empty lines count anew before each request',
    send: `${'\r\n'.repeat(1_500)}${get()}`.repeat(4),
    expect: [200, 200, 200, 200],
    after: 'open',
  },
  {
    name: 'the limit of a later request',
    send: get() + get(...fields(FIELDS)),
    expect: [200, 431],
    after: 'closed',
  },
]);
