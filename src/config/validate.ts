import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { TsunicornError } from '../errors.ts';
import type { Config } from '../settings.ts';
import { displayValue, looksSecret, quoteValue, REDACTED } from './display.ts';
import { membersOf, textToValue } from './flag-text.ts';
import { nearestChoice } from './gunicorn.ts';
import { type Given, type Layer, sourceOf, sourcePhrase } from './layer.ts';
import type { Schema, Setting } from './setting.ts';
import { settingNames, settings } from './settings/index.ts';
import { describeSchema } from './wording.ts';

/** Nothing is converted, filled in or removed: what a person wrote is right or is told. */
const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  coerceTypes: false,
  useDefaults: false,
  removeAdditional: false,
});

const checks = new Map<Schema, ValidateFunction>();

/** Whether a value fits the schema of its setting. */
export function fitsSetting(setting: Setting, value: unknown): boolean {
  return checkOf(setting.schema)(value) === true;
}

/** The faults of every value of every layer, also of those that another layer hides: what is written must be right. */
export function validateLayers(layers: readonly Layer[]): string[] {
  return settings.flatMap((setting) =>
    layers.flatMap((layer) => {
      const given = layer.get(setting.name);
      return given === undefined ? [] : faultsOf(setting, given);
    }),
  );
}

/** The faults of one value, as sentences that name the setting, what it must be, where the value came from and what to write. */
export function faultsOf(setting: Setting, given: Given): string[] {
  const check = checkOf(setting.schema);
  if (check(given.value) === true) return [];
  const errors = check.errors ?? [];
  const inner = errors.filter((error) => error.instancePath !== '');
  if (inner.length === 0) return [sentence(setting, given, { path: '', value: given.value, schema: setting.schema })];
  return inner.map((error) => sentence(setting, given, placeOf(setting.schema, error)));
}

/**
 * The settings that are valid, in the form in which `Config` holds them. Defaults are not checked again: a test holds them to their schemas,
 * and to compile a check for each of them took 80 ms of every start.
 */
export function resolveValid(merged: Layer): Partial<Config> {
  const entries = settings.flatMap((setting) => {
    const given = merged.get(setting.name);
    if (given === undefined) return [];
    const isDefault = given.source === sourceOf.default;
    if (!isDefault && !fitsSetting(setting, given.value)) return [];
    return [[setting.name, resolvedOf(setting, given.value, { isChecked: isDefault })]];
  });
  const config: unknown = Object.fromEntries(entries);
  // Every value was held to its schema just now.
  return config as Partial<Config>;
}

function resolvedOf({ name, resolved }: Setting, value: unknown, { isChecked }: { isChecked: boolean }): unknown {
  if (resolved === undefined) return value;
  const made = resolved.from(value);
  if (isChecked || checkOf(resolved.schema)(made) === true) return made;
  throw new TsunicornError(
    'CONFIG_INVALID',
    `"${name}" does not resolve: ${ajv.errorsText(checkOf(resolved.schema).errors)}.`,
  );
}

/** Whether no setting is missing. */
export function isComplete(config: Partial<Config>): config is Config {
  return settingNames.every((name) => config[name] !== undefined);
}

interface Place {
  /** Where in the value, as ajv writes it: `/1`, `/API_KEY`; empty for the whole. */
  readonly path: string;
  readonly value: unknown;
  readonly schema: Schema;
}

function checkOf(schema: Schema): ValidateFunction {
  const known = checks.get(schema);
  if (known !== undefined) return known;
  const check = ajv.compile(schema);
  checks.set(schema, check);
  return check;
}

function placeOf(schema: Schema, { instancePath, data }: ErrorObject): Place {
  const depth = instancePath.split('/').length - 1;
  return { path: instancePath, value: data, schema: Array.from({ length: depth }).reduce<Schema>(innerSchema, schema) };
}

/** The schema of the entries of an array or an object, also where that is one form among several. */
function innerSchema(schema: Schema): Schema {
  for (const member of membersOf(schema)) {
    if ('items' in member) return member.items;
    if ('additionalProperties' in member) return member.additionalProperties;
  }
  return schema;
}

function sentence(setting: Setting, given: Given, place: Place): string {
  const unit = place.path === '' ? setting.unit : undefined;
  const hidden = setting.secret === 'always' || (setting.secret === 'byKey' && looksSecret(place.path));
  const value = hidden ? REDACTED : quoteValue(place.value);
  return (
    `"${setting.name}${pathText(place.path)}" must be ${describeSchema(place.schema, unit)}, ` +
    `but ${sourcePhrase(given.source)} gives ${value}. ${repairOf(setting, place)}`
  );
}

function pathText(path: string): string {
  return path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))
    .join('');
}

function repairOf(setting: Setting, { path, value, schema }: Place): string {
  if (typeof value === 'string' && path === '') {
    const meant = meantChoice(setting, schema, value);
    if (meant !== undefined) return `Did you mean "${meant}"?`;
    const typed = textToValue(setting, value);
    if (typed !== undefined && typed !== value && fitsSetting(setting, typed)) {
      return `Write ${displayValue(setting, typed)} without quotes.`;
    }
  }
  if (typeof value !== 'string' && path !== '' && 'type' in schema && schema.type === 'string') {
    return 'Put it in quotes.';
  }
  return `For example: ${setting.name}: ${displayValue(setting, setting.example)}.`;
}

function meantChoice(setting: Setting, schema: Schema, value: string): string | undefined {
  const choices = membersOf(schema).flatMap((member) => ('enum' in member ? (member.enum ?? []) : []));
  return nearestChoice(setting.name, value, choices);
}
