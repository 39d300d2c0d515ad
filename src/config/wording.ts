import type { Schema, Setting } from './setting.ts';

/** What a value is, for a sentence: `a string`, `an array`, `null`. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'undefined';
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Promise) return 'a promise';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** `a`, `a or b`, `a, b or c`. */
export function joinOr(parts: readonly string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} or ${last}`;
}

/** What a schema asks for, as words that follow `must be`. */
export function describeSchema(schema: Schema, unit?: Setting['unit']): string {
  if ('anyOf' in schema) return joinOr(schema.anyOf.map((member) => describeSchema(member, unit)));
  switch (schema.type) {
    case 'string':
      if (schema.enum !== undefined) return joinOr(schema.enum.map((choice) => `"${choice}"`));
      return schema.title ?? (schema.minLength === undefined ? 'a string' : 'a non-empty string');
    case 'integer':
    case 'number':
      if (schema.title !== undefined) return schema.title;
      return `${schema.type === 'integer' ? 'an integer' : 'a number'}${unit === 's' ? ' of seconds' : ''}${rangeOf(schema)}`;
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'null';
    case 'array':
      return `${(schema.minItems ?? 0) > 0 ? 'a non-empty array' : 'an array'}, each entry ${describeSchema(schema.items)}`;
    case 'object':
      return `an object, each value ${describeSchema(schema.additionalProperties)}`;
  }
}

function rangeOf(schema: { minimum?: number; exclusiveMinimum?: number; maximum?: number }): string {
  const { minimum, exclusiveMinimum, maximum } = schema;
  if (minimum !== undefined)
    return maximum === undefined ? ` of at least ${minimum}` : ` from ${minimum} to ${maximum}`;
  const parts = [
    ...(exclusiveMinimum === undefined ? [] : [`above ${exclusiveMinimum}`]),
    ...(maximum === undefined ? [] : [`at most ${maximum}`]),
  ];
  return parts.length === 0 ? '' : ` ${parts.join(' and ')}`;
}
