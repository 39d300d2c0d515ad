import { TsunicornError } from '../errors.ts';
import type { Config } from '../settings.ts';
import { type ConfigFile, findConfigFile } from './config-file.ts';
import { commandArguments, environmentLayer, passedLayer } from './environment.ts';
import { evaluateConfig } from './evaluate.ts';
import { type FileValues, readFileValues } from './file-values.ts';
import type { Hooks } from './hooks.ts';
import { emptyLayer, type Given, type Layer, sourceOf } from './layer.ts';
import { invalidConfig } from './load-hooks.ts';
import { merge } from './merge.ts';
import { withAbsolutePaths } from './paths.ts';
import { checkRules } from './rules.ts';
import { mapSettings, type SettingName } from './settings/index.ts';
import { doubtAbout } from './trust.ts';
import { isComplete, resolveValid, validateLayers } from './validate.ts';

export type { ConfigFile } from './config-file.ts';
export { loadHooks } from './load-hooks.ts';

/** What a configuration is made from. */
export interface LoadRequest {
  readonly flags: Layer;
  /** What `--config` says, relative to `cwd`; `null`: look in `cwd`. */
  readonly configPath: string | null;
  readonly cwd: string;
  /** Use a file that others than root can change, too (`--trust-config`). Default: not as root. */
  readonly trustsConfig?: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** What a service manager passed, in the form of `bind`; it takes the place of `bind`. */
  readonly passedSockets?: readonly string[];
}

export interface LoadedConfig {
  readonly config: Config;
  readonly hooks: Hooks;
  /** Where each value came from, as `--print-config` names it. */
  readonly sources: Readonly<Record<SettingName, string>>;
  /** `null`: there is no config file. */
  readonly file: ConfigFile | null;
  /** What somebody wrote into `bind`, and where, when passed sockets take its place; else `null`. */
  readonly unusedBind: { readonly bind: readonly string[]; readonly source: string } | null;
  /** Why the file should not be believed; it was said that it is. `null`: there is no reason. */
  readonly doubt: string | null;
}

const noFile: FileValues = { layer: emptyLayer, hooks: {}, faults: [] };

/**
 * Reads everything anew and returns the configuration, or throws with every fault that was found and changes nothing. The order is
 * defaults < file < `WEB_CONCURRENCY` and `PORT` < `TSUNICORN_CMD_ARGS` < flags < sockets that were passed. `tryFile` sees the config file
 * before it is evaluated, and refuses it by throwing.
 *
 * Throws `CONFIG_NOT_FOUND`, `CONFIG_UNREADABLE`, `CONFIG_UNTRUSTED`, `CONFIG_INVALID` (with `faults`), and `USAGE` for a broken `TSUNICORN_CMD_ARGS`.
 */
export async function loadConfig(
  request: LoadRequest,
  { tryFile }: { tryFile?: (file: ConfigFile) => Promise<void> } = {},
): Promise<LoadedConfig> {
  const fromArguments = commandArguments(request.env);
  const file = await findConfigFile(request.cwd, request.configPath ?? fromArguments.configPath);
  const doubt = file === null ? null : believed(file, request.trustsConfig === true || fromArguments.trustsConfig);
  if (file !== null) await tryFile?.(file);
  const fromFile = file === null ? noFile : readFileValues(file.path, await evaluateConfig(file));
  const written = [fromFile.layer, environmentLayer(request.env), fromArguments.layer, request.flags];
  const passed = passedLayer(request.passedSockets ?? []);
  const layers = [...written, passed];
  const merged = merge(layers);
  const config = resolveValid(merged);
  const faults = [...fromFile.faults, ...validateLayers(layers), ...checkRules({ config, merged })];
  if (faults.length > 0 || !isComplete(config)) throw invalidConfig(faults);
  const sources = mapSettings((setting) => merged.get(setting.name)?.source ?? sourceOf.default);
  const unusedBind = passed.has('bind') ? unusedOf(merge(written).get('bind')) : null;
  return { config: withAbsolutePaths(config, request.cwd), hooks: fromFile.hooks, sources, file, unusedBind, doubt };
}

/** Of a value that was found valid. */
function unusedOf(bind: Given | undefined): LoadedConfig['unusedBind'] {
  if (bind === undefined || bind.source === sourceOf.default) return null;
  return { bind: [bind.value].flat().map(String), source: bind.source };
}

/** Whoever can write to the file of a server that runs as root is root: it is a program, or names one. */
function believed({ path }: ConfigFile, isTrusted: boolean): string | null {
  const doubt = doubtAbout(path, 'it');
  if (doubt === null || isTrusted) return doubt;
  throw new TsunicornError(
    'CONFIG_UNTRUSTED',
    `The config file ${path} is not used as root, since ${doubt}. Or use it as it is: --trust-config.`,
  );
}
