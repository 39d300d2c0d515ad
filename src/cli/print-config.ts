import { displayValue } from '../config/display.ts';
import type { LoadedConfig } from '../config/load.ts';
import { mapSettings, settingNames } from '../config/settings/index.ts';

const records = mapSettings((setting) => setting);

/** The text of `--print-config`: a line for each setting with its value and where it came from. Secrets are hidden. */
export function printConfig({ config, hooks, sources, file }: Omit<LoadedConfig, 'unusedBind'>): string {
  const rows = settingNames.map((name) => [name, displayValue(records[name], config[name]), sources[name]] as const);
  const nameWidth = Math.max(...rows.map(([name]) => name.length));
  const valueWidth = Math.min(48, Math.max(...rows.map(([, value]) => value.length)));
  const lines = rows.map(
    ([name, value, source]) => `${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}  # ${source}`,
  );
  const hookNames = Object.keys(hooks);
  const hookLine = hookNames.length === 0 ? [] : [`${'hooks'.padEnd(nameWidth)}  ${hookNames.join(', ')}`];
  return `${[`# config file: ${file?.path ?? 'none'}`, ...lines, ...hookLine].join('\n')}\n`;
}
