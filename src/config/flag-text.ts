import type { Schema, Setting } from './setting.ts';

/** What the value of a flag looks like in the help. */
export type FlagShape = 'boolean' | 'list' | 'entries' | 'single';

/** Whether a flag takes no value, may be repeated, takes `NAME=VALUE`, or takes one value. */
export function flagShape(setting: Setting): FlagShape {
  const members = 'anyOf' in setting.schema ? setting.schema.anyOf : [setting.schema];
  const types = members.map((member) => ('type' in member ? member.type : undefined));
  if (types.includes('array')) return 'list';
  if (types.includes('object')) return 'entries';
  return types[0] === 'boolean' ? 'boolean' : 'single';
}

/** The schema of one value of the flag: of an entry, where the setting is a list. */
export function flagSchema(setting: Setting): Schema {
  const first = 'anyOf' in setting.schema ? (setting.schema.anyOf[0] ?? setting.schema) : setting.schema;
  if ('type' in first && first.type === 'array') return first.items;
  return 'type' in first && first.type === 'object' ? first.additionalProperties : first;
}

/** Reads text as the type that a setting has. `undefined` where it is not of that type; the range is not looked at. */
export function textToValue(setting: Setting, text: string): unknown {
  const schema = flagSchema(setting);
  if ('anyOf' in schema) return undefined;
  switch (schema.type) {
    case 'string':
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
