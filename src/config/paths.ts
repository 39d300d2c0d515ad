import { resolve } from 'node:path';
import type { Config } from '../settings.ts';

/**
 * The configuration with its own files as absolute paths, seen from the directory the server was started in: master and workers, which
 * may live in `chdir`, must mean the same file.
 */
export function withAbsolutePaths(config: Config, cwd: string): Config {
  const absolute = <Path extends string | null>(path: Path) =>
    path === null || path === '-' ? path : resolve(cwd, path);
  return {
    ...config,
    chdir: absolute(config.chdir),
    errorLog: config.errorLog === '-' ? '-' : resolve(cwd, config.errorLog),
    accessLog: absolute(config.accessLog),
    pidFile: absolute(config.pidFile),
    keyFile: absolute(config.keyFile),
    certFile: absolute(config.certFile),
    caFile: absolute(config.caFile),
    reloadExtraFiles: config.reloadExtraFiles.map((path) => resolve(cwd, path)),
  };
}
