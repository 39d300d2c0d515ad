import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../settings.ts';
import { displayValue } from './display.ts';
import type { Setting } from './setting.ts';
import { mapSettings, settingNames } from './settings/index.ts';

/** A setting whose value differs, as text that may be logged: secrets are hidden. */
export interface SettingChange {
  readonly name: string;
  readonly appliesOn: Setting['appliesOn'];
  readonly oldText: string;
  readonly newText: string;
}

const records = mapSettings((setting) => setting);

/** Which settings differ between two configurations, in the order of the reference. */
export function diffConfigs(before: Config, after: Config): SettingChange[] {
  return settingNames
    .filter((name) => !isDeepStrictEqual(before[name], after[name]))
    .map((name) => ({
      name,
      appliesOn: records[name].appliesOn,
      oldText: displayValue(records[name], before[name]),
      newText: displayValue(records[name], after[name]),
    }));
}

/** Those of the changes that a reload can not apply. */
export function restartNeeded(changes: readonly SettingChange[]): SettingChange[] {
  return changes.filter((change) => change.appliesOn === 'restart');
}
