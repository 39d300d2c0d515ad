import { statSync } from 'node:fs';
import type { LoadedConfig } from '../config/load.ts';
import { invalidConfig } from '../config/load-hooks.ts';
import { forwardingFaults } from '../http/forwarding-faults.ts';
import { type BindAddress, parseBind } from '../listener/address.ts';
import { accessLogFormatFault } from '../logging/access-log.ts';
import type { Config } from '../settings.ts';

/**
 * Looks at what only the parts that use a value can judge: addresses, directories, the access log's format, and
 * whom to believe about requests.
 *
 * @throws TsunicornError `CONFIG_INVALID` with every fault.
 */
export function vetted(loaded: LoadedConfig): LoadedConfig {
  const { bind, accessLogFormat, chdir } = loaded.config;
  const formatFault = accessLogFormatFault(accessLogFormat);
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
  ];
  if (faults.length === 0) return loaded;
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
