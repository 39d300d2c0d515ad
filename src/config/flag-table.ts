import { flagShape } from './flag-text.ts';
import type { Setting } from './setting.ts';
import { settings } from './settings/index.ts';

/** What the command line can ask for besides serving. */
export type CommandFlag = 'help' | 'version' | 'printConfig' | 'checkConfig';

/** What a flag means. */
export type FlagMeaning =
  | { readonly kind: 'setting'; readonly setting: Setting }
  | { readonly kind: 'negated'; readonly setting: Setting }
  | { readonly kind: 'config' }
  | { readonly kind: 'trustConfig' }
  | { readonly kind: 'command'; readonly command: CommandFlag };

export interface FlagSpec {
  readonly flag: string;
  readonly short?: string;
  readonly meaning: FlagMeaning;
}

/** The flags that are no settings. */
export const commandFlags: readonly (FlagSpec & { readonly summary: string; readonly value?: string })[] = [
  {
    flag: '--config',
    short: '-c',
    meaning: { kind: 'config' },
    value: 'PATH',
    summary: 'Read this config file. Without it the one in the current directory is read, if there is one.',
  },
  {
    flag: '--trust-config',
    meaning: { kind: 'trustConfig' },
    summary: 'As root, use a config file that others than root can change: warn in place of stopping.',
  },
  {
    flag: '--check-config',
    meaning: { kind: 'command', command: 'checkConfig' },
    summary: 'Check the configuration, load the application once, and exit with 0 or 1.',
  },
  {
    flag: '--print-config',
    meaning: { kind: 'command', command: 'printConfig' },
    summary: 'Print every setting with its value and where it came from, and exit.',
  },
  {
    flag: '--help',
    short: '-h',
    meaning: { kind: 'command', command: 'help' },
    summary: 'Print this text and exit.',
  },
  {
    flag: '--version',
    short: '-v',
    meaning: { kind: 'command', command: 'version' },
    summary: 'Print the version and exit.',
  },
];

/** The flag of a setting: its name in kebab-case. */
export function flagName(setting: Setting): string {
  return `--${setting.name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The settings that have a flag: all that are not given by their place. */
export const flaggedSettings: readonly Setting[] = settings.filter((setting) => setting.commandLine !== 'positional');

const specs: readonly FlagSpec[] = [...flaggedSettings.flatMap(specsOf), ...commandFlags];

/** Every spelling of every flag, long and short. */
export const flagSpecs: ReadonlyMap<string, FlagSpec> = new Map(
  specs.flatMap((spec) => [spec.flag, ...(spec.short === undefined ? [] : [spec.short])].map((name) => [name, spec])),
);

function specsOf(setting: Setting): FlagSpec[] {
  const flag = flagName(setting);
  const spec: FlagSpec = {
    flag,
    ...(setting.short === undefined ? {} : { short: `-${setting.short}` }),
    meaning: { kind: 'setting', setting },
  };
  if (flagShape(setting) !== 'boolean') return [spec];
  return [spec, { flag: `--no-${flag.slice(2)}`, meaning: { kind: 'negated', setting } }];
}
