import type { Setting, ValueOf } from '../setting.ts';
import { application } from './application.ts';
import { debugging } from './debugging.ts';
import { logging } from './logging.ts';
import { serverProcess } from './process.ts';
import { proxies } from './proxies.ts';
import { python } from './python.ts';
import { security } from './security.ts';
import { socket } from './socket.ts';
import { timeouts } from './timeouts.ts';
import { tls } from './tls.ts';
import { workers } from './workers.ts';

const table = [
  ...application,
  ...python,
  ...socket,
  ...workers,
  ...timeouts,
  ...security,
  ...proxies,
  ...tls,
  ...serverProcess,
  ...logging,
  ...debugging,
] as const satisfies readonly Setting[];

type Row = (typeof table)[number];

export type SettingName = Row['name'];

/** The type that the table implies. `derive/pinned.ts` holds the generated `Config` against it. */
export type InferredConfig = { readonly [R in Row as R['name']]: ValueOf<ResolvedSchemaOf<R>> };

/** What a file may write for the settings that have more than one form. */
export type InferredForms = {
  readonly [R in Row as R extends { resolved: object } ? R['name'] : never]: ValueOf<R['schema']>;
};

type ResolvedSchemaOf<R extends Setting> = R extends { readonly resolved: { readonly schema: infer S } }
  ? S
  : R['schema'];

/** Every setting, in the order of the reference. */
export const settings: readonly Setting[] = table;

/** The names in the same order. */
export const settingNames: readonly SettingName[] = table.map((row) => row.name);

const byName: ReadonlyMap<string, Setting> = new Map(settings.map((setting) => [setting.name, setting]));

/** The setting of that exact name, or `undefined`. */
export function findSetting(name: string): Setting | undefined {
  return byName.get(name);
}

/** Whether it must be given: it has no default. */
export function isRequired(setting: Setting): boolean {
  return !Object.hasOwn(setting, 'default');
}

/** One entry for each setting. */
export function mapSettings<T>(entryOf: (setting: Setting) => T): Record<SettingName, T> {
  const entries = Object.fromEntries(settings.map((setting) => [setting.name, entryOf(setting)]));
  if (hasEveryName(entries)) return entries;
  throw new TypeError('a setting has no entry');
}

function hasEveryName<T>(entries: Record<string, T>): entries is Record<SettingName, T> {
  return settings.every((setting) => Object.hasOwn(entries, setting.name));
}
