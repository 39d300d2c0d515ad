import { TsunicornError } from '../errors.ts';
import type { ConfigFile } from './config-file.ts';
import { evaluateConfig, isScript } from './evaluate.ts';
import { readFileValues } from './file-values.ts';
import type { Hooks } from './hooks.ts';

/**
 * The hooks of a config file, from the text that the master read: what a worker calls. It stands apart from `load.ts` so that a worker
 * loads no validator. Throws `CONFIG_UNREADABLE` and `CONFIG_INVALID`.
 */
export async function loadHooks(file: ConfigFile): Promise<Hooks> {
  if (!isScript(file)) return {};
  const { hooks, faults } = readFileValues(file.path, await evaluateConfig(file));
  if (faults.length > 0) throw invalidConfig(faults);
  return hooks;
}

/** The error that tells all faults of a configuration at once. */
export function invalidConfig(faults: readonly string[]): TsunicornError {
  const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`;
  return new TsunicornError('CONFIG_INVALID', `The configuration has ${count}:`, { faults });
}
