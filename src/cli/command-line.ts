import type { CommandFlag } from '../config/flag-table.ts';
import { parseFlags } from '../config/flags.ts';
import { type Layer, sourceOf } from '../config/layer.ts';
import { TsunicornError } from '../errors.ts';

/** What a person asked for. */
export interface CommandLine {
  readonly command: 'serve' | CommandFlag;
  readonly flags: Layer;
  /** What `--config` says; `null`: it is not given. */
  readonly configPath: string | null;
  /** `--trust-config` */
  readonly trustsConfig: boolean;
}

/** Where several are given, the first of these counts. */
const precedence: readonly CommandFlag[] = ['help', 'version', 'printConfig', 'checkConfig'];

/**
 * Reads the command line without the program's name. Whoever asks for help or the version gets it, whatever else stands there.
 * Throws `USAGE` with every mistake.
 */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const { layer, configPath, trustsConfig, commands, faults } = parseFlags(argv, sourceOf.flag);
  const command = precedence.find((candidate) => commands.includes(candidate)) ?? 'serve';
  const needsFlags = command !== 'help' && command !== 'version';
  if (needsFlags && faults.length > 0) throw usage(faults);
  return { command, flags: layer, configPath, trustsConfig };
}

function usage(faults: readonly string[]): TsunicornError {
  const [first = ''] = faults;
  if (faults.length === 1) return new TsunicornError('USAGE', first);
  return new TsunicornError('USAGE', `The command line has ${faults.length} mistakes:`, { faults });
}
