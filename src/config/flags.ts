import { unreachable } from '../errors.ts';
import { quoteValue } from './display.ts';
import { type CommandFlag, type FlagSpec, flagSpecs } from './flag-table.ts';
import { flagSchema, flagShape, membersOf, textToValue } from './flag-text.ts';
import { gunicornAnswer, nearestChoice } from './gunicorn.ts';
import { type Given, type Layer, TARGET } from './layer.ts';
import { nearestName } from './nearest.ts';
import type { Setting } from './setting.ts';
import { fitsSetting } from './validate.ts';
import { describeSchema } from './wording.ts';

/** What flags say. `faults` are sentences; the rest holds what could be read in spite of them. */
export interface ParsedFlags {
  readonly layer: Layer;
  readonly configPath: string | null;
  /** `--trust-config` */
  readonly trustsConfig: boolean;
  readonly commands: readonly CommandFlag[];
  readonly faults: readonly string[];
}

interface Reading {
  readonly sourceOf: (flag: string) => string;
  readonly values: Map<string, Given>;
  configPath: string | null;
  trustsConfig: boolean;
  readonly commands: CommandFlag[];
  readonly faults: string[];
  readonly targets: string[];
  hasUnknownFlag: boolean;
}

/**
 * Reads flags, from a command line or from `TSUNICORN_CMD_ARGS`. `--x=v` and `--x v` are the same, `-w4` and `-w 4` too. The last one
 * wins, but lists and entries collect. `sourceOf` labels each value with the flag it came from.
 */
export function parseFlags(tokens: readonly string[], sourceOf: (flag: string) => string): ParsedFlags {
  const reading: Reading = {
    sourceOf,
    values: new Map(),
    configPath: null,
    trustsConfig: false,
    commands: [],
    faults: [],
    targets: [],
    hasUnknownFlag: false,
  };
  let flagsEnded = false;
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index] ?? '';
    if (flagsEnded || token === '-' || !token.startsWith('-')) reading.targets.push(token);
    else if (token === '--') flagsEnded = true;
    else {
      const { spec, name, text } = splitToken(token);
      const follows = tokens[index + 1];
      if (spec === undefined) takeUnknown(reading, name);
      else if (!takesValue(spec)) takeSwitch(reading, { spec, text });
      else if (text !== null) takeValue(reading, { spec, text });
      else if (follows !== undefined && canBeValue(follows)) {
        takeValue(reading, { spec, text: follows });
        index += 1;
      } else reading.faults.push(`${expects(spec)}, but nothing follows it.`);
    }
  }
  takeTargets(reading);
  const { values: layer, configPath, trustsConfig, commands, faults } = reading;
  return { layer, configPath, trustsConfig, commands, faults };
}

function splitToken(token: string): { spec: FlagSpec | undefined; name: string; text: string | null } {
  if (token.startsWith('--')) {
    const at = token.indexOf('=');
    const name = at === -1 ? token : token.slice(0, at);
    return { spec: flagSpecs.get(name), name, text: at === -1 ? null : token.slice(at + 1) };
  }
  const name = token.slice(0, 2);
  const text = token.length === 2 ? null : token.slice(2).replace(/^=/, '');
  const spec = flagSpecs.get(name);
  // '-workers' is a long flag with a dash too few, not '-w' with the value 'orkers'.
  const meantLong = flagSpecs.has(`-${token.replace(/=.*$/s, '')}`);
  return meantLong || spec === undefined ? { spec: undefined, name: token, text: null } : { spec, name, text };
}

function takesValue({ meaning }: FlagSpec): boolean {
  return meaning.kind === 'config' || (meaning.kind === 'setting' && flagShape(meaning.setting) !== 'boolean');
}

/** A word that starts with a dash is the next flag, unless it is `-` (standard output) or a number, whose range is then told. */
function canBeValue(token: string): boolean {
  return !token.startsWith('-') || /^-(\d|$)/.test(token);
}

function takeUnknown(reading: Reading, name: string): void {
  reading.hasUnknownFlag = true;
  reading.faults.push(unknownFlag(name));
}

function takeTargets(reading: Reading): void {
  const [value, ...more] = reading.targets;
  if (value === undefined) return;
  reading.values.set('app', { value, source: reading.sourceOf(TARGET) });
  // After an unknown flag nobody knows whether a word is its value: one fault is enough.
  if (more.length === 0 || reading.hasUnknownFlag) return;
  const all = reading.targets.map(quote).join(', ');
  reading.faults.push(`Only one ${TARGET} can be served, but ${all} are given. Remove all but one.`);
}

function takeSwitch(reading: Reading, { spec, text }: { spec: FlagSpec; text: string | null }): void {
  const { meaning, flag } = spec;
  if (text !== null) {
    const other = meaning.kind === 'setting' ? `: --no-${flag.slice(2)} turns it off` : '';
    reading.faults.push(`${flag} takes no value, but got ${quote(text)}. Write ${flag} alone${other}.`);
  } else if (meaning.kind === 'command') reading.commands.push(meaning.command);
  else if (meaning.kind === 'trustConfig') reading.trustsConfig = true;
  else if (meaning.kind !== 'config') {
    reading.values.set(meaning.setting.name, { value: meaning.kind === 'setting', source: reading.sourceOf(flag) });
  }
}

function takeValue(reading: Reading, { spec, text }: { spec: FlagSpec; text: string }): void {
  const { meaning, flag } = spec;
  if (meaning.kind === 'config') {
    if (text === '') reading.faults.push(`${expects(spec)}, but got an empty one.`);
    else reading.configPath = text;
    return;
  }
  if (meaning.kind === 'command' || meaning.kind === 'trustConfig') return;
  const before = reading.values.get(meaning.setting.name)?.value;
  const value = readValue(meaning.setting, text, before);
  if (value === undefined || !fitsSetting(meaning.setting, value)) {
    reading.faults.push(`${expects(spec)}, but got ${quote(text)}.${didYouMean(meaning.setting, text)}`);
  } else reading.values.set(meaning.setting.name, { value, source: reading.sourceOf(flag) });
}

function readValue(setting: Setting, text: string, before: unknown): unknown {
  const shape = flagShape(setting);
  switch (shape) {
    case 'entries': {
      const at = text.indexOf('=');
      const earlier = typeof before === 'object' && before !== null ? Object.entries(before) : [];
      return at < 1 ? undefined : Object.fromEntries([...earlier, [text.slice(0, at), text.slice(at + 1)]]);
    }
    case 'list':
      return [...(Array.isArray(before) ? before : []), textToValue(setting, text)];
    case 'boolean':
    case 'single':
      return textToValue(setting, text);
    default:
      return unreachable(shape);
  }
}

function expects({ flag, meaning }: FlagSpec): string {
  if (meaning.kind !== 'setting') return `${flag} expects the path of a config file`;
  if (flagShape(meaning.setting) === 'entries') return `${flag} expects NAME=VALUE`;
  return `${flag} expects ${describeSchema(flagSchema(meaning.setting), meaning.setting.unit)}`;
}

function didYouMean(setting: Setting, text: string): string {
  const choices = membersOf(flagSchema(setting)).flatMap((schema) => ('enum' in schema ? (schema.enum ?? []) : []));
  const nearest = nearestChoice(setting.name, text, choices);
  return nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
}

function unknownFlag(name: string): string {
  const nearest = nearestFlag(name);
  const exact = nearest !== undefined && nearest.replaceAll('-', '') === name.replaceAll(/[-_]/g, '').toLowerCase();
  if (exact) return `Unknown flag ${name}: did you mean ${nearest}?`;
  if (name === '--app') return `Unknown flag ${name}: give the application without a flag, as the last word.`;
  const answer = gunicornAnswer(name.replace(/^-+/, ''));
  if (answer !== undefined) return `Unknown flag ${name}: ${answer}`;
  return nearest === undefined
    ? `Unknown flag ${name}: tsunicorn --help lists those there are.`
    : `Unknown flag ${name}: did you mean ${nearest}?`;
}

function nearestFlag(name: string): string | undefined {
  const long = [...flagSpecs.keys()].filter((flag) => flag.startsWith('--'));
  return nearestName(name, long);
}

function quote(text: string): string {
  return quoteValue(text).replace(/ \(a string\)$/, '');
}
