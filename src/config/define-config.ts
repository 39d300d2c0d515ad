import type { UserConfig } from '../settings.ts';

/** What a config file may export. */
export type ConfigExport = UserConfig | (() => UserConfig | Promise<UserConfig>);

/**
 * Gives an editor the types of a config file. It returns what it gets.
 *
 * @example
 * ```ts
 * import { defineConfig } from 'tsunicorn';
 *
 * export default defineConfig({ app: './app.ts', workers: 4 });
 * ```
 */
export function defineConfig(config: ConfigExport): ConfigExport {
  return config;
}
