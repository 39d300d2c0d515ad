import type { Schema, Setting } from './setting.ts';

/** What the value of a flag looks like in the help. */
export type FlagShape = 'boolean' | 'list' | 'entries' | 'single';

/** Whether a flag takes no value, may be repeated, takes `NAME=VALUE`, or takes one value. */
export function flagShape(setting: Setting): FlagShape {
  const types = membersOf(setting.schema).map((member) => ('type' in member ? member.type : undefined));
  if (types.includes('array')) return 'list';
  if (types.includes('object')) return 'entries';
  return types[0] === 'boolean' ? 'boolean' : 'single';
}

/**
 * The schema of one value of the flag: of an entry, where the setting is a list. Of a union it is the first member and the words that
 * others list (`auto`). Another form of the same value does not count: `750` is octal digits, and must not be read as a number as well.
 */
export function flagSchema(setting: Setting): Schema {
  const [first, ...others] = membersOf(setting.schema);
  if (first === undefined) return setting.schema;
  const words = others.filter((member) => 'enum' in member && member.enum !== undefined);
  return words.length === 0 ? entryOf(first) : { anyOf: [entryOf(first), ...words] };
}

/**
 * Reads text as the type that a setting has, and where it has several as the first that takes it. `undefined` where none does; the range
 * is not looked at.
 */
export function textToValue(setting: Setting, text: string): unknown {
  for (const member of membersOf(flagSchema(setting))) {
    const value = readAs(member, text);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** The members of a union; of any other schema, itself. */
export function membersOf(schema: Schema): readonly Schema[] {
  return 'anyOf' in schema ? schema.anyOf : [schema];
}

function entryOf(schema: Schema): Schema {
  if ('type' in schema && schema.type === 'array') return schema.items;
  return 'type' in schema && schema.type === 'object' ? schema.additionalProperties : schema;
}

function readAs(schema: Schema, text: string): unknown {
  if ('anyOf' in schema) return undefined;
  switch (schema.type) {
    case 'string':
      if (schema.enum !== undefined) return schema.enum.includes(text) ? text : undefined;
      return schema.pattern === undefined || new RegExp(schema.pattern).test(text) ? text : undefined;
    case 'integer':
      return /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
    case 'number':
      return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : undefined;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    default:
      return undefined;
  }
}
