import { statSync } from 'node:fs';
import type { LoadedConfig } from '../config/load.ts';
import { invalidConfig } from '../config/load-hooks.ts';
import type { TlsFiles } from '../config/tls-options.ts';
import { forwardingFaults } from '../http/forwarding-faults.ts';
import { type BindAddress, parseBind } from '../listener/address.ts';
import { accessLogFormatFault } from '../logging/access-log.ts';
import { type Account, lookUpAccount } from '../os/account.ts';
import type { Config } from '../settings.ts';
import { readTlsFiles } from './tls-files.ts';

/** A configuration that can be served. */
export interface VettedConfig extends LoadedConfig {
  /** What the files of the TLS settings held when they were checked: what every worker of this generation serves. `null`: no TLS. */
  readonly tls: TlsFiles | null;
  /** Whom the workers become; `null`: they stay who the master is. */
  readonly account: Account | null;
}

/**
 * Looks at what only the parts that use a value can judge: addresses, directories, the access log's format, whom to believe about
 * requests, the files of TLS, and whom the workers become.
 *
 * @throws TsunicornError `CONFIG_INVALID` with every fault.
 */
export function vetted(loaded: LoadedConfig): VettedConfig {
  const { bind, accessLogFormat, chdir } = loaded.config;
  const formatFault = accessLogFormatFault(accessLogFormat);
  const tls = readTlsFiles(loaded.config);
  const lookup = lookUpAccount(loaded.config);
  const faults = [
    ...(chdir === null || isDirectory(chdir)
      ? []
      : [`"chdir" is ${chdir}, which is no directory. Create it, or correct the setting.`]),
    ...bind.flatMap((text) => {
      const address = parseBind(text);
      return 'fault' in address ? [address.fault] : [];
    }),
    ...(formatFault === null ? [] : [formatFault]),
    ...forwardingFaults(loaded.config),
    ...tls.faults,
    ...('fault' in lookup ? [lookup.fault] : []),
  ];
  if (faults.length === 0 && !('fault' in lookup)) return { ...loaded, tls: tls.files, account: lookup.account };
  throw invalidConfig(faults);
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** The addresses of a vetted configuration. */
export function bindAddresses({ bind }: Config): BindAddress[] {
  return bind.flatMap((text) => {
    const address = parseBind(text);
    return 'fault' in address ? [] : [address];
  });
}
