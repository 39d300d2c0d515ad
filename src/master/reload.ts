import { diffConfigs, restartNeeded } from '../config/diff.ts';
import { type ConfigFile, type LoadRequest, loadConfig } from '../config/load.ts';
import { messageOf, TsunicornError } from '../errors.ts';
import { formatBind } from '../listener/address.ts';
import type { Config } from '../settings.ts';
import { bindAddresses, type VettedConfig, vetted } from './vet.ts';

/**
 * Reads the configuration again, as at the start, and refuses it when it is faulty or needs more than a reload. Nothing is changed here.
 * `tryFile` sees the config file before it is evaluated in this process.
 *
 * @throws TsunicornError with every fault, for the log and for whoever asked.
 */
export async function reloadConfig(
  request: LoadRequest,
  current: VettedConfig,
  tryFile: (file: ConfigFile) => Promise<void>,
): Promise<VettedConfig> {
  const loaded = vetted(await loadConfig(request, { tryFile }));
  const refused = restartNeeded(diffConfigs(current.config, loaded.config));
  const faults = refused.map(
    ({ name, oldText, newText }) =>
      `"${name}" changed from ${oldText} to ${newText}, which a reload can not apply: restart the server, or change it back.`,
  );
  if ((current.tls === null) !== (loaded.tls === null)) faults.push(tlsSwitched(current));
  faults.push(...newDescriptors(current.config, loaded.config));
  if (faults.length === 0) return loaded;
  throw new TsunicornError('RELOAD_NEEDS_RESTART', 'The reload needs a restart, so nothing was changed.', { faults });
}

/** While the workers are replaced, one address would speak both: half of the clients would be turned away. */
function tlsSwitched({ tls }: VettedConfig): string {
  const change = tls === null ? '"keyFile" and "certFile" are new' : '"keyFile" and "certFile" are gone';
  return `${change}, and a reload can not switch TLS ${tls === null ? 'on' : 'off'}: restart the server, or change it back.`;
}

/** What was inherited, and not named at the start, may be anything by now: a log, a channel to a worker. */
function newDescriptors(before: Config, after: Config): string[] {
  const known = bindAddresses(before).map(formatBind);
  return bindAddresses(after)
    .filter(({ kind }) => kind === 'fd')
    .map(formatBind)
    .filter((name) => !known.includes(name))
    .map(
      (name) =>
        `"bind" names ${name} anew, and descriptors are taken at the start only: restart the server, or leave it out.`,
    );
}

/** The faults of whatever went wrong while a configuration was read, one sentence each. */
export function faultsOf(error: unknown): readonly string[] {
  if (error instanceof TsunicornError && error.faults.length > 0) return error.faults;
  return [messageOf(error)];
}
