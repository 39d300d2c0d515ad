import { types } from 'node:util';

/** Names in lower case and values, alternating; checked as the platform does. Never changed once made. */
export type Fields = readonly string[];

export const NO_FIELDS: Fields = [];

/** What the platform gives a body of text; one list for all, so that the engine can know it by identity. */
export const TEXT_TYPE = 'text/plain;charset=UTF-8';
export const TEXT_FIELDS: Fields = ['content-type', TEXT_TYPE];
export const JSON_TYPE = 'application/json';
export const JSON_FIELDS: Fields = ['content-type', JSON_TYPE];

/** Bounds what {@link checkedName} remembers, since a proxy passes on whatever names it is sent. */
const MOST_NAMES = 1000;
const namesSeen = new Map<string, string | null>();

/**
 * The fields of the `headers` of an init, or `null` for what only the platform can judge: invalid names and values (it has the error for
 * them), names given twice, exotic objects.
 */
export function fieldsOfInit(headers: unknown): Fields | null {
  if (typeof headers !== 'object' || headers === null) return null;
  if (isRecord(headers)) return fieldsOfRecord(headers);
  // One may look like anything else, and be read but once.
  if (types.isProxy(headers)) return null;
  if (headers instanceof Headers) return fieldsOfHeaders(headers);
  return Array.isArray(headers) ? fieldsOfPairs(headers) : null;
}

/** Set-Cookie fields stay apart, as the platform iterates them. */
export function fieldsOfHeaders(headers: Headers): Fields {
  const fields: string[] = [];
  for (const [name, value] of headers) fields.push(name, value);
  return fields;
}

/** The value of the first field of this name (in lower case). */
export function fieldValue(fields: Fields, name: string): string | null {
  for (let at = 0; at < fields.length; at += 2) if (fields[at] === name) return fields[at + 1] ?? null;
  return null;
}

function isRecord(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Keys that are symbols are passed over: to look for them would double the time, and the platform only has an error for them. */
function fieldsOfRecord(record: Readonly<Record<string, unknown>>): Fields | null {
  if (Symbol.iterator in record) return null;
  let fields: string[] = [];
  for (const name in record) {
    if (!Object.hasOwn(record, name)) continue;
    const added = withField(fields, name, record[name]);
    if (added === null) return null;
    fields = added;
  }
  return fields;
}

function fieldsOfPairs(pairs: readonly unknown[]): Fields | null {
  let fields: string[] = [];
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) return null;
    const added = withField(fields, pair[0], pair[1]);
    if (added === null) return null;
    fields = added;
  }
  return fields;
}

/** A list of one field is made at once, which is faster than adding to an empty one. */
function withField(fields: string[], name: unknown, value: unknown): string[] | null {
  if (typeof name !== 'string' || typeof value !== 'string') return null;
  const checked = checkedName(name);
  if (checked === null || !isPlainValue(value)) return null;
  if (fields.length === 0) return [checked, value];
  if (fieldValue(fields, checked) !== null) return null;
  fields.push(checked, value);
  return fields;
}

/** The name in lower case; `null` if it is no token. Remembers, as applications use the same few names over and over. */
function checkedName(name: string): string | null {
  const seen = namesSeen.get(name);
  if (seen !== undefined) return seen;
  if (namesSeen.size >= MOST_NAMES) namesSeen.clear();
  const checked = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/.test(name) ? name.toLowerCase() : null;
  namesSeen.set(name, checked);
  return checked;
}

/** Whether the platform would take the value without a change: visible latin1, blanks only inside. */
function isPlainValue(value: string): boolean {
  const last = value.length - 1;
  for (let at = 0; at <= last; at += 1) {
    const code = value.charCodeAt(at);
    if (code > 0x20 && code < 0x7f) continue;
    if (code === 0x20 || code === 0x09) {
      if (at === 0 || at === last) return false;
    } else if (code < 0x80 || code > 0xff) return false;
  }
  return true;
}
