/** What a config file and an application may import. Nothing here reaches the master or a worker. */
export type { FetchApplication, FetchContext, NodeApplication } from './application.ts';
export { type ConfigExport, defineConfig } from './config/define-config.ts';
export type { HookLog, ServerInfo, TimeoutEvidence, WorkerInfo } from './config/hooks.ts';
export { type ErrorCode, TsunicornError } from './errors.ts';
export type { Config, Hooks, UserConfig } from './settings.ts';
