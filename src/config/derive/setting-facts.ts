import { displayValue } from '../display.ts';
import { flagName } from '../flag-table.ts';
import { flagSchema, flagShape, membersOf } from '../flag-text.ts';
import type { Schema, Setting } from '../setting.ts';
import { isRequired } from '../settings/index.ts';
import { describeSchema } from '../wording.ts';

/** The default as text, with its unit; what must be given says so. */
export function defaultText(setting: Setting): string {
  if (isRequired(setting)) return 'none: it must be given';
  if (setting.default === null) return 'none';
  const unit = setting.unit === 's' ? ' s' : '';
  return `${displayValue(setting, setting.default)}${unit}`;
}

/** What makes a change take effect. */
export function appliesText(setting: Setting): string {
  return setting.appliesOn === 'reload' ? 'a reload (HUP)' : 'a restart';
}

/** The ways to write it on the command line: `-w`, `--workers INTEGER`. */
export function flagTexts(setting: Setting): string[] {
  if (setting.commandLine === 'positional') return ['TARGET'];
  const flag = flagName(setting);
  const short = setting.short === undefined ? [] : [`-${setting.short}`];
  return flagShape(setting) === 'boolean'
    ? [...short, flag, `--no-${flag.slice(2)}`]
    : [...short, `${flag} ${valueWord(setting)}`];
}

/** The environment variable, and what becomes of its value. */
export function environmentText(setting: Setting): string | undefined {
  if (setting.environment === undefined) return undefined;
  const { variable, template } = setting.environment;
  return template === undefined ? variable : `${variable} (as ${template})`;
}

/** What the value must be, for the reference. */
export function typeText(setting: Setting): string {
  return describeSchema(setting.schema, setting.unit);
}

/** The TypeScript type of a schema's values. */
export function typescriptType(schema: Schema): string {
  if ('anyOf' in schema) return schema.anyOf.map(typescriptType).join(' | ');
  switch (schema.type) {
    case 'string':
      return schema.enum === undefined ? 'string' : schema.enum.map((choice) => `'${choice}'`).join(' | ');
    case 'integer':
    case 'number':
      return 'number';
    case 'array': {
      const item = typescriptType(schema.items);
      return `readonly ${item.includes('|') ? `(${item})` : item}[]`;
    }
    case 'object':
      return `Readonly<Record<string, ${typescriptType(schema.additionalProperties)}>>`;
    case 'boolean':
    case 'null':
      return schema.type;
  }
}

/** A value as source text of TypeScript. */
export function sourceText(setting: Setting, value: unknown): string {
  if (setting.display === 'octal') return displayValue(setting, value);
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map((item) => sourceText(setting, item)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, entry]) => `${key}: ${sourceText(setting, entry)}`);
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
  }
  return String(value);
}

function quoted(text: string): string {
  return text.includes("'") ? JSON.stringify(text) : `'${text}'`;
}

function valueWord(setting: Setting): string {
  const shape = flagShape(setting);
  if (shape === 'entries') return 'NAME=VALUE';
  return membersOf(flagSchema(setting))
    .map((schema) => wordOf(setting, schema))
    .join('|');
}

function wordOf(setting: Setting, schema: Schema): string {
  if ('anyOf' in schema) return 'VALUE';
  if (schema.type === 'string') return schema.enum === undefined ? stringWord(setting, schema) : schema.enum.join('|');
  return setting.unit === 's' ? 'SECONDS' : schema.type.toUpperCase();
}

function stringWord(setting: Setting, schema: { readonly pattern?: string }): string {
  const words: Readonly<Record<string, string>> = {
    bind: 'ADDRESS',
    accessLogFormat: 'FORMAT',
    procName: 'NAME',
    serverHeader: 'TEXT',
    forwardedAllowIps: 'ADDRESSES',
    proxyAllowIps: 'ADDRESSES',
    forwarderHeaders: 'NAMES',
    ciphers: 'LIST',
    user: 'NAME',
    group: 'NAME',
  };
  return words[setting.name] ?? (schema.pattern === undefined ? 'PATH' : 'MODE');
}
