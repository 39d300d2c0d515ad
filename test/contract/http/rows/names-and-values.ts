import { byteName, CONTROLS, get, post, type RowCase, range, refused, rowOf, taken } from '../case.ts';

const TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~0189azAZ";
const SEPARATORS = [...'"(),/;<=>?@[\\]{} '].map((character) => character.charCodeAt(0));
const PROTOTYPE_NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '__defineGetter__',
  'prototype',
];
/** Where CR or LF stand, the row of line ends says what happens. */
const withoutLineEnds = CONTROLS.filter((byte) => byte !== 0x0a && byte !== 0x0d);
const OBS_TEXT = String.fromCharCode(...range(0x80, 0xff));

const inName: readonly RowCase[] = [...withoutLineEnds, 0x09, ...SEPARATORS, ...range(0x80, 0xff)].flatMap((byte) => {
  const character = String.fromCharCode(byte);
  const cases = [refused(`${byteName(byte)} in a name`, get(`X${character}Y: a`))];
  // At the edges of a name it is another branch of a parser.
  if (byte < 0x80) cases.push(refused(`${byteName(byte)} ends a name`, get(`X${character}: a`)));
  if (byte < 0x80) cases.push(refused(`${byteName(byte)} starts a name`, get(`${character}X: a`)));
  return cases;
});

const inValue: readonly RowCase[] = withoutLineEnds.flatMap((byte) => {
  const character = String.fromCharCode(byte);
  return [
    refused(`${byteName(byte)} in a value`, get(`X: a${character}b`)),
    refused(`${byteName(byte)} starts a value`, get(`X:${character}a`)),
    refused(`${byteName(byte)} ends a value`, get(`X: a${character}`)),
  ];
});

/** RFC 9110, section 5. */
export const namesAndValues = rowOf('names and values', [
  ...inName,
  ...inValue,
  ...[...TOKEN_CHARACTERS].map((character) =>
    taken(`${character} in a name`, get(`X${character}Y: a`), { fields: { [`x${character}y`.toLowerCase()]: 'a' } }),
  ),
  ...PROTOTYPE_NAMES.map((name) =>
    taken(`the name ${name}`, get(`${name}: a`), { fields: { 'x-other': null }, target: '/' }),
  ),
  taken('a name of one character', get('X: a'), { fields: { x: 'a' } }),
  taken('names in any letters', get('x-LoWeR: A'), { fields: { 'x-lower': 'A' } }),
  taken('repeated names keep their order', get('X: 1', 'Y: 2', 'X: 3'), { fields: { x: '1, 3', y: '2' } }),
  taken('an empty value', get('X:'), { fields: { x: '' } }),
  taken('an empty value behind spaces', get('X: \t '), { fields: { x: '' } }),
  taken('white space around a value', get('X: \t a b\tc \t'), { fields: { x: 'a b\tc' } }),
  taken('no white space before a value', get('X:a'), { fields: { x: 'a' } }),
  taken('a colon in a value', get('X: a:b', 'Y::'), { fields: { x: 'a:b', y: ':' } }),
  taken('visible characters in a value', get(`X: ${String.fromCharCode(...range(0x21, 0x7e))}`), {
    fields: { x: String.fromCharCode(...range(0x21, 0x7e)) },
  }),
  taken('obs-text in a value is latin1', get(`X: ${OBS_TEXT}`), { fields: { x: OBS_TEXT } }),
  taken('obs-text at the edges of a value', get('X: \xa0a\xa0', 'Y:\x85'), { fields: { x: '\xa0a\xa0', y: '\x85' } }),
  taken('UTF-8 in a value is latin1', get('X: \xc3\xbc'), { fields: { x: '\xc3\xbc' } }),
  taken('underscores in a name', get('X_Y: a'), { fields: { x_y: 'a', 'x-y': null } }),
  taken('one Content-Type', post(['Content-Type: text/plain', 'Content-Length: 1'], 'a'), {
    fields: { 'content-type': 'text/plain' },
    body: 'a',
  }),
  refused('Content-Type twice, the same', get('Content-Type: a/b', 'Content-Type: a/b')),
  refused('Content-Type twice, different', get('Content-Type: a/b', 'X: c', 'content-type: a/c')),
  refused('Content-Type twice, one empty', get('Content-Type: a/b', 'Content-Type:')),
]);
