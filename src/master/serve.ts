import { randomBytes } from 'node:crypto';
import { type LoadRequest, loadConfig } from '../config/load.ts';
import { TsunicornError } from '../errors.ts';
import { addressUrl, parseBind } from '../listener/address.ts';
import { createLogger, type Logger } from '../logging/logger.ts';
import { nodeLineFault } from '../os/node-line.ts';
import { packageVersion } from '../os/package.ts';
import type { NotifyTarget } from '../os/service-manager.ts';
import type { System } from '../os/system.ts';
import { masterTitle } from '../os/title.ts';
import { runArbiter } from './arbiter.ts';
import { createCrew } from './crew.ts';
import { createHookRunner, runGate } from './hook-runner.ts';
import { createInbox, type Inbox } from './inbox.ts';
import { createLoopLog } from './loop-log.ts';
import { activeConfig, activeServerInfo, type Master, serverInfo } from './master.ts';
import { createNotifier, type Notifier } from './notifier.ts';
import { writePidFile } from './pidfile.ts';
import { createPool, FIRST_GENERATION } from './pool.ts';
import { tellOfRoot } from './root-warnings.ts';
import { listenForSignals } from './signals.ts';
import { createSockets, type ServedConfig, type Sockets } from './sockets.ts';
import { bindAddresses, vetted } from './vet.ts';
import { watchFiles } from './watch.ts';

/** What a server is made of before it has workers. */
interface Foundation {
  readonly request: LoadRequest;
  readonly system: System;
  readonly inbox: Inbox;
  readonly log: Logger;
  readonly sockets: Sockets;
  readonly notifier: Notifier;
  readonly onReady: () => void;
}

/** What a server acts with, and who waits for it. */
interface ServeOptions {
  readonly system: System;
  /** Where the service manager wants to be told; `null`: nowhere. */
  readonly notify: NotifyTarget | null;
  /** Called when all workers are ready. */
  onReady?(): void;
  /** Called in place of serving when `daemon` is on: this process is not yet the one in the background. */
  beDaemon?(): Promise<void>;
}

/**
 * Runs a server from its configuration to its end. Resolves when it was stopped as asked.
 *
 * @throws TsunicornError for everything that keeps it from starting; what was opened is closed by then.
 */
export async function serve(
  request: LoadRequest,
  { system, notify, onReady = () => {}, beDaemon }: ServeOptions,
): Promise<void> {
  const inbox = createInbox();
  const listenForStops = listenForSignals(inbox);
  const loaded = vetted(await loadConfig(request));
  listenForStops();
  const { config, hooks } = loaded;
  if (config.daemon && beDaemon !== undefined) return await beDaemon();
  process.title = masterTitle(config.procName);
  const log = createLogger(config, { role: 'master', pid: process.pid });
  log.event('server.starting', { version: packageVersion(), node: process.version, config: loaded.file?.path ?? null });
  const oldNode = nodeLineFault(process.versions.node, new Date());
  if (oldNode !== null) log.event('node.endOfLife', oldNode);

  tellOfRoot(loaded, { log, cwd: request.cwd });
  const addresses = bindAddresses(config);
  await runGate('onStarting', () =>
    hooks.onStarting?.(serverInfo({ addresses: config.bind, target: config.workers, config, log })),
  );
  const pidFile = config.pidFile === null ? null : writePidFile(config.pidFile, process.pid);
  if (pidFile !== null) log.event('pidFile.written', { path: config.pidFile });
  // What they are made with stays: neither TLS on or off nor `socketMode` changes in a reload.
  const sockets = createSockets({
    scheme: loaded.tls === null ? 'http' : 'https',
    socketMode: config.socketMode,
    owner: loaded.account,
    onStale: (path) => log.event('socket.replaced', { path }),
  });
  const notifier = createNotifier(notify, { log });
  try {
    const listeners = await sockets.open(addresses);
    log.event('server.listening', { addresses: listeners.map(({ url }) => url) });
    tellUnusedBind(log, { ...loaded, listeners });
    await supervise({ request, system, inbox, log, sockets, notifier, onReady }, { ...loaded, listeners });
  } finally {
    sockets.closeAll();
    await notifier.close();
    if (pidFile !== null && !pidFile.remove()) log.event('pidFile.lost', { path: config.pidFile });
    log.flush();
  }
}

/** Whoever wrote `bind` and the socket of the service manager for the same address wrote nothing wrong. */
function tellUnusedBind(log: Logger, { unusedBind, listeners, tls }: ServedConfig): void {
  if (unusedBind === null) return;
  const addresses = listeners.map(({ url }) => url);
  const isElsewhere = unusedBind.bind.some((text) => {
    const address = parseBind(text);
    return 'fault' in address || !addresses.includes(addressUrl(address, tls === null ? 'http' : 'https'));
  });
  if (isElsewhere) log.event('bind.unused', { ...unusedBind, addresses });
}

async function supervise(foundation: Foundation, loaded: ServedConfig): Promise<void> {
  const { request, system, inbox, log, sockets, notifier, onReady } = foundation;
  const master: Master = {
    ...{ request, system, inbox, log, sockets, notifier, onReady },
    crew: createCrew({ system, inbox, sockets, cwd: request.cwd, ticketSecret: randomBytes(32) }),
    hooks: createHookRunner(log),
    loopLog: createLoopLog(log),
    configs: new Map([[FIRST_GENERATION, loaded]]),
    bootFailures: new Map(),
    evidence: new Map(),
    bootOutputs: new Map(),
    babblers: new Set(),
    refusing: new Set(),
    lastBootFailure: null,
    fatal: null,
  };
  const watcher = watchFiles(loaded, { inbox, cwd: request.cwd });
  const end = await runArbiter(master, createPool({ target: loaded.config.workers, jitterSeed: system.random() }));
  await watcher?.close();
  const { onExit } = activeConfig(master, end.pool).hooks;
  await master.hooks.run('onExit', () => onExit?.(activeServerInfo(master, end.pool)));
  if (master.fatal === null && end.how === 'stopped') return log.event('server.stopped');
  const error = master.fatal ?? noWorkerReady(master);
  log.event('server.failed', { code: error.code });
  throw error;
}

function noWorkerReady({ lastBootFailure }: Master): TsunicornError {
  const { code, text } = lastBootFailure ?? {
    code: 'NO_WORKER_READY',
    text: 'Every worker ended before it was ready.',
  };
  return new TsunicornError(code, `No worker became ready, so the server stops.\n\n${text}`);
}
