import { dirname, resolve } from 'node:path';
import { watch } from 'chokidar';
import type { LoadedConfig } from '../config/load.ts';
import type { Inbox } from './inbox.ts';

/** Saves that come within this time are one change. */
const SETTLE_MS = 50;
const NEVER_WATCHED = /(^|[/\\])(node_modules|\.git|\.cache|\.DS_Store|__pycache__|\.?venv)([/\\]|$)/;

export interface Watcher {
  close(): Promise<void>;
}

/** With the setting `reload`, reports a change of the config file, of `reloadExtraFiles`, or below the application's directory. */
export function watchFiles(
  loaded: LoadedConfig,
  context: { readonly inbox: Pick<Inbox, 'push'>; readonly cwd: string },
): Watcher | null {
  const { config, file } = loaded;
  if (!config.reload) return null;
  const directory = config.chdir ?? context.cwd;
  const paths = [
    dirname(resolve(directory, config.app)),
    ...config.reloadExtraFiles,
    ...(file === null ? [] : [file.path]),
  ];
  // What the server itself writes is no change: a log beside the application would make it reload for ever.
  const written = [config.errorLog, config.accessLog, config.pidFile];
  const ignored = (path: string) => written.includes(path) || NEVER_WATCHED.test(path.slice(directory.length));
  const watcher = watch(paths, { ignoreInitial: true, ignored });
  let timer: NodeJS.Timeout | undefined;
  watcher.on('all', (_event, path) => {
    clearTimeout(timer);
    timer = setTimeout(() => context.inbox.push({ type: 'fileChanged', path }), SETTLE_MS);
  });
  return {
    async close() {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}
