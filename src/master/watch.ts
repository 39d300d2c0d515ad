import { dirname, resolve } from 'node:path';
import { watch } from 'chokidar';
import type { LoadedConfig } from '../config/load.ts';
import type { Inbox } from './inbox.ts';

/** Saves that come within this time are one change. */
const SETTLE_MS = 50;
const NEVER_WATCHED = /(^|[/\\])(node_modules|\.git|\.cache|\.DS_Store)([/\\]|$)/;

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
  const directory = resolve(context.cwd, config.chdir ?? '.');
  const paths = [
    dirname(resolve(directory, config.app)),
    ...config.reloadExtraFiles,
    ...(file === null ? [] : [file.path]),
  ];
  const watcher = watch(
    paths.map((path) => resolve(directory, path)),
    { ignoreInitial: true, ignored: (path) => NEVER_WATCHED.test(path.slice(directory.length)) },
  );
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
