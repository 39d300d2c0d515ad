import { TsunicornError } from '../errors.ts';
import { textToValue } from './flag-text.ts';
import { type ParsedFlags, parseFlags } from './flags.ts';
import { CMD_ARGS, emptyLayer, type Given, type Layer, sourceOf } from './layer.ts';
import { settings } from './settings/index.ts';
import { splitWords } from './shell-words.ts';

/** What single variables (`WEB_CONCURRENCY`, `PORT`) set. An empty one counts as not there. Text of a wrong type stays text, for validation to tell. */
export function environmentLayer(env: NodeJS.ProcessEnv): Layer {
  const layer = new Map<string, Given>();
  for (const setting of settings) {
    if (setting.environment === undefined) continue;
    const { variable, template } = setting.environment;
    const text = env[variable]?.trim();
    if (text === undefined || text === '') continue;
    const value = template === undefined ? text : template.replace(`$${variable}`, () => text);
    layer.set(setting.name, { value: textToValue(setting, value) ?? value, source: sourceOf.environment(variable) });
  }
  return layer;
}

/**
 * The flags in `TSUNICORN_CMD_ARGS`, split as a shell does. Throws `USAGE` where they are wrong, or ask for something that only a person
 * at a terminal can want.
 */
export function commandArguments(env: NodeJS.ProcessEnv): Pick<ParsedFlags, 'layer' | 'configPath' | 'trustsConfig'> {
  const words = splitWords(env[CMD_ARGS] ?? '');
  if ('fault' in words) throw usage([`${words.fault}.`]);
  const { layer, configPath, trustsConfig, commands, faults } = parseFlags(words, sourceOf.commandArguments);
  const misplaced =
    commands.length === 0 ? [] : ['Only settings, --config and --trust-config can stand there: remove the rest.'];
  if (faults.length + misplaced.length > 0) throw usage([...faults, ...misplaced]);
  return { layer, configPath, trustsConfig };
}

/** Sockets that the service manager has opened, in the form of `bind`, are all that is listened on: the operator has written them there. */
export function passedLayer(sockets: readonly string[]): Layer {
  return sockets.length === 0 ? emptyLayer : new Map([['bind', { value: sockets, source: sourceOf.systemd }]]);
}

function usage(faults: readonly string[]): TsunicornError {
  return new TsunicornError('USAGE', `The environment variable ${CMD_ARGS} cannot be read:`, { faults });
}
