/** The parts of JSON Schema that a setting may use. All that is derived from a setting walks this union. */
export type Schema =
  | {
      readonly type: 'string';
      readonly minLength?: number;
      readonly pattern?: string;
      readonly enum?: readonly string[];
      /** What a fault calls the value, where the keywords alone say too little. */
      readonly title?: string;
    }
  | {
      readonly type: 'integer' | 'number';
      readonly minimum?: number;
      readonly exclusiveMinimum?: number;
      readonly maximum?: number;
      readonly title?: string;
    }
  | { readonly type: 'boolean' }
  | { readonly type: 'null' }
  | { readonly type: 'array'; readonly items: Schema; readonly minItems?: number }
  | { readonly type: 'object'; readonly additionalProperties: Schema }
  | { readonly anyOf: readonly Schema[] };

/** The chapters of the reference, of `--help` and of the example file, in their order. */
export const sections = [
  'Application',
  'Python',
  'Socket',
  'Workers',
  'Timeouts',
  'Security',
  'Proxies',
  'TLS',
  'Process',
  'Logging',
  'Debugging',
] as const satisfies readonly string[];

export type Section = (typeof sections)[number];

/**
 * One setting, declared once. The types, the JSON Schema, the flag, the environment variable, the help, the reference page and the
 * example file all follow from this record.
 */
export interface Setting {
  readonly name: string;
  readonly section: Section;
  /** `'s'`: the number is in seconds. */
  readonly unit?: 's';
  /** What makes a change of it take effect. */
  readonly appliesOn: 'reload' | 'restart';
  /** What a file may hold. In a union text from a flag is read as the first member, or else as one of the words that the others list. */
  readonly schema: Schema;
  /** What `Config` holds, where a file may write it in several ways. */
  readonly resolved?: { readonly schema: Schema; readonly from: (value: unknown) => unknown };
  /** Absent: the setting must be given. */
  readonly default?: unknown;
  readonly example: unknown;
  readonly summary: string;
  readonly details: string;
  /** The letter of the short flag. */
  readonly short?: string;
  /** `'positional'`: given on the command line by its place, without a flag. */
  readonly commandLine?: 'positional';
  /** The variable that sets it; `template` says what `$VARIABLE` becomes part of. */
  readonly environment?: { readonly variable: string; readonly template?: string };
  /** `'always'`: never shown. `'byKey'`: an object whose entries are hidden when their key looks like a secret's. */
  readonly secret?: 'always' | 'byKey';
  /** How people write the number. */
  readonly display?: 'octal';
}

/** Declares a setting and keeps its literal type, from which `InferredConfig` is computed. */
export function setting<const S extends Setting>(record: S): S {
  return record;
}

/** The type of the values that a schema admits. */
export type ValueOf<S> = S extends { readonly anyOf: readonly (infer Member)[] }
  ? ValueOf<Member>
  : S extends { readonly enum: readonly (infer Choice)[] }
    ? Choice
    : S extends { readonly type: 'array'; readonly items: infer Item }
      ? readonly ValueOf<Item>[]
      : S extends { readonly type: 'object'; readonly additionalProperties: infer Value }
        ? Readonly<Record<string, ValueOf<Value>>>
        : S extends { readonly type: infer Name }
          ? PrimitiveOf<Name>
          : never;

type PrimitiveOf<Name> = Name extends 'string'
  ? string
  : Name extends 'integer' | 'number'
    ? number
    : Name extends 'boolean'
      ? boolean
      : Name extends 'null'
        ? null
        : never;
